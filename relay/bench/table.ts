/** What one row of the table says: one figure a round for the relay and, where there is one, for the baseline. */
export interface Row {
  /** What was measured; also the key under which it is recorded, and of its goal. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** CPU and memory are a process's own; times are moved by all that runs on the machine. */
  readonly measures: 'cpu' | 'memory' | 'time' | 'share';
  readonly relay: readonly number[];
  /** Whose figures those are, where they are not the relay's. */
  readonly subject?: string;
  /** Of the same rounds; empty where nothing compares. */
  readonly baseline: readonly number[];
  /** What the baseline is; a bare Node server when absent. */
  readonly against?: string;
}

/** Minimum, median and maximum. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Of an even number of values the median is the mean of the two in the middle. @throws {RangeError} without values */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, low, high, max] = [
    sorted[0],
    sorted[(sorted.length - 1) >> 1],
    sorted[sorted.length >> 1],
    sorted.at(-1),
  ];
  if (min === undefined || low === undefined || high === undefined || max === undefined) {
    throw new RangeError('no values');
  }
  return { min, median: (low + high) / 2, max };
}

/** Relay to baseline, round by round; empty where nothing compares. */
export function ratios({ relay, baseline }: Pick<Row, 'relay' | 'baseline'>): number[] {
  return baseline.flatMap((value, round) => (relay[round] === undefined ? [] : [relay[round] / value]));
}
