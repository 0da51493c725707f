/** What one row of the table says: one figure a round for the relay and, where there is one, for the baseline. */
export interface Row {
  /** What was measured; also the key under which ratios are recorded. */
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly relay: readonly number[];
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

/** @throws {RangeError} without values */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, median, max] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
  if (min === undefined || median === undefined || max === undefined) throw new RangeError('no values');
  return { min, median, max };
}

/** Relay to baseline, round by round; empty where nothing compares. */
export function ratios({ relay, baseline }: Row): number[] {
  return baseline.flatMap((value, round) => (relay[round] === undefined ? [] : [relay[round] / value]));
}

/** The table in Markdown: minimum / median / maximum. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const compared = ratios(row);
    const cells = [
      row.name,
      `${row.unit}, ${row.better} is better`,
      cell(row.relay),
      row.baseline.length === 0 ? '' : `${cell(row.baseline)}${row.against === undefined ? '' : ` (${row.against})`}`,
      compared.length === 0 ? '' : `**${cell(compared)}**`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| what | unit | relay | bare Node | ratio |', '| --- | --- | --- | --- | --- |', ...lines].join('\n');
}

function cell(values: readonly number[]): string {
  const { min, median, max } = spread(values);
  return `${short(min)} / ${short(median)} / ${short(max)}`;
}

function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
