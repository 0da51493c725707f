import { type Spread, spread } from '../table.ts';

/** What `relaybench compare -out` writes, as far as it is read here. */
export interface CompareOutput {
  readonly finished: string;
  readonly options: { readonly TargetCPUs?: string };
  readonly targets: readonly { readonly name: string; readonly env: Readonly<Record<string, string>> }[];
  readonly runs: readonly {
    readonly target: string;
    readonly scenario: string;
    readonly round: number;
    readonly error?: string;
    readonly metrics: Readonly<Record<string, number>> | null;
  }[];
}

/** One metric of a scenario, of both sides. */
export interface ComparedMetric {
  readonly theirs: Spread;
  readonly ours: Spread;
  /** Ours to theirs, round by round. */
  readonly ratio: Spread;
}

/** One scenario next to ld-relay. */
export interface Comparison {
  readonly scenario: string;
  /** Held to one core; otherwise it may use both. */
  readonly pinned: boolean;
  /** How many environments both were configured with. */
  readonly environments: number;
  readonly at: string;
  /** Name of the other relay, with its version. */
  readonly theirs: string;
  /** Evaluations were kept for contexts that come again; `relaybench` asks for the same 1,000 all the time. Absent: they were not. */
  readonly answersKept?: true;
  /** The commit that this was measured at. */
  readonly commit: string;
  readonly rounds: number;
  readonly metrics: Readonly<Record<string, ComparedMetric>>;
}

/** A metric that is kept. */
export interface MetricKind {
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Of which scenarios; all when absent. */
  readonly of?: RegExp;
}

/**
 * What is kept, in the order of the table. Not kept: the last per cent of latencies under a closed loop, where it is the unfairness among the connections, and
 * bursts to `/eval`, where pings of one turn are sent as one.
 */
export const COMPARED_METRICS: Readonly<Record<string, MetricKind>> = {
  ready_ms: { unit: 'ms', better: 'lower' },
  idle_pss_mb: { unit: 'MB', better: 'lower' },
  idle_cpu_pct: { unit: '%', better: 'lower', of: /^startup/ },
  req_per_s: { unit: '/s', better: 'higher', of: /^(evalx-[^p]|poll)/ },
  cpu_us_per_req: { unit: 'µs', better: 'lower', of: /^(evalx|poll)/ },
  lat_p99_ms: { unit: 'ms', better: 'lower', of: /paced/ },
  pss_after_patches_mb: { unit: 'MB', better: 'lower' },
  stream_kb: { unit: 'KB', better: 'lower' },
  fanout_cpu_us_per_delivery: { unit: 'µs', better: 'lower' },
  fanout_all_median_ms: { unit: 'ms', better: 'lower' },
  burst_deliveries_per_s: { unit: '/s', better: 'higher', of: /^streams-all/ },
  burst_delivered_ratio: { unit: '', better: 'higher', of: /^streams-all/ },
  open_cpu_s: { unit: 's', better: 'lower' },
  storm_s: { unit: 's', better: 'lower' },
  storm_cpu_s: { unit: 's', better: 'lower' },
  storm_rss_peak_mb: { unit: 'MB', better: 'lower' },
  events_accepted_per_s: { unit: '/s', better: 'higher' },
  cpu_us_per_event: { unit: 'µs', better: 'lower' },
  forwarded_ratio: { unit: '', better: 'higher' },
};

/**
 * The numbers that matter of a comparison whose first target is ld-relay and whose second is ours. Rounds in which either side failed are left
 * out. @throws {Error} without two targets
 */
export function comparisonsOf(output: CompareOutput, commit: string): Comparison[] {
  const [theirs, ours] = output.targets;
  if (theirs === undefined || ours === undefined) throw new Error('a comparison needs two targets');
  const scenarios = [...new Set(output.runs.map(({ scenario }) => scenario))];
  return scenarios.flatMap((scenario) => {
    const of = (target: string) =>
      new Map(
        output.runs
          .filter((run) => run.scenario === scenario && run.target === target && run.error === undefined)
          .map((run) => [run.round, withStreamMemory(run.metrics ?? {}, scenario)]),
      );
    const [a, b] = [of(theirs.name), of(ours.name)];
    const rounds = [...a.keys()].filter((round) => b.has(round));
    const metrics = Object.entries(COMPARED_METRICS).flatMap(([metric, kind]) => {
      if (kind.of?.test(scenario) === false) return [];
      const pairs = rounds.flatMap((round) => {
        const [x, y] = [a.get(round)?.[metric], b.get(round)?.[metric]];
        return x === undefined || y === undefined || x === 0 ? [] : [[x, y] as const];
      });
      if (pairs.length === 0) return [];
      const compared: ComparedMetric = {
        theirs: rounded(pairs.map(([x]) => x)),
        ours: rounded(pairs.map(([, y]) => y)),
        ratio: rounded(pairs.map(([x, y]) => y / x)),
      };
      return [[metric, compared] as const];
    });
    if (metrics.length === 0) return [];
    return [
      {
        scenario: plainName(scenario),
        pinned: (output.options.TargetCPUs ?? '') !== '',
        environments: Object.keys(theirs.env).filter((name) => name.startsWith('LD_ENV_')).length,
        at: output.finished,
        theirs: theirs.name,
        ...(/^evalx/.test(scenario) && ours.env.EVALUATION_CACHE_SIZE !== '0B' && { answersKept: true as const }),
        commit,
        rounds: rounds.length,
        metrics: Object.fromEntries(metrics),
      },
    ];
  });
}

/** Puts new comparisons in the place of those of the same scenario. */
export function merged(old: readonly Comparison[], fresh: readonly Comparison[]): Comparison[] {
  const all = new Map(
    [...old, ...fresh].map((one) => [`${keyOf(one)} ${one.environments} ${one.answersKept ?? false}`, one]),
  );
  return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** What goals call a scenario: `evalx-get/small`, with ` 2` behind it where it was not held to one core. */
export function keyOf({ scenario, pinned }: Pick<Comparison, 'scenario' | 'pinned'>): string {
  return pinned ? scenario : `${scenario} 2`;
}

/** A scenario's name without how long it was measured. */
function plainName(scenario: string): string {
  const [name = '', settings = ''] = scenario.split('?');
  const kept = settings.split('&').filter((one) => one !== '' && !/^(s|warm|c)=/.test(one));
  return kept.length === 0 ? name : `${name}?${kept.join('&')}`;
}

/** Adds the KB that one stream takes after patches. */
function withStreamMemory(metrics: Readonly<Record<string, number>>, scenario: string): Record<string, number> {
  const streams = Number(/[?&]k=(\d+)/.exec(scenario)?.[1] ?? Number.NaN);
  const { pss_before_mb: before, pss_after_patches_mb: after } = metrics;
  if (before === undefined || after === undefined || Number.isNaN(streams)) return { ...metrics };
  return { ...metrics, stream_kb: ((after - before) * 1_048.576) / streams };
}

function rounded(values: readonly number[]): Spread {
  const { min, median, max } = spread(values);
  const digits = (value: number) => Number(value.toPrecision(4));
  return { min: digits(min), median: digits(median), max: digits(max) };
}
