import type { Goal } from './goal.ts';

// The goals of the project's table of performance. Its figures of a bare Node server and of ld-relay 8.10.1 came from another machine: a goal
// in seconds or bytes is fair here as a ratio to the same program, so that each has both where the table has both.

/** A goal with the figure that the same table has of what it is compared with. */
function against(of: string, value: number, figure: number): Goal {
  return {
    of,
    value,
    ratio: value / figure,
    from: `${value.toLocaleString('en-US')} of ${figure.toLocaleString('en-US')}`,
  };
}

/** Goals of rows of the bench; ratios are to their baseline. */
export const BENCH_GOALS: readonly Goal[] = [
  // CPU of one request, by the rates of a saturated core.
  { of: 'evalx small, CPU', ratio: 39_600 / (2 * 7_914), from: '2 x ld-relay' },
  { of: 'evalx medium, CPU', ratio: 40_700 / (5 * 1_901), from: '5 x ld-relay' },
  { of: 'evalx medium at 500/s, p99', value: 1.5 },
  against('/all medium: memory of a stream', 14, 52),
  against('/eval medium: memory of a stream', 14, 52),
  against('/all medium: CPU of a delivery', 14, 22),
  against('/all medium: one patch, last client has it', 27, 42),
  against('/all medium: burst of 50 patches', 250_000, 332_000),
  against('/all medium: reconnect storm', 800, 390),
  { of: '/all medium, two cores: reconnect storm', value: 600 },
  { of: '/all large: reconnect storm', value: 1_000 },
  { of: '/all large: reconnect storm, peak RSS', value: 250 },
  against('evaluation medium', 70, 634),
  against('start to first 200, 10 flags', 200, 76),
  against('idle PSS, 10 flags', 75, 58),
  { of: 'AutoConfig patch, 100 environments', ratio: 1.2, from: 'level' },
  { of: 'AutoConfig patch, 1000 environments', ratio: 1.2, from: 'level' },
  { of: 'of them forwarded', value: 99.9 },
];

/** Goals of figures next to ld-relay, by scenario and metric; a `2` behind the scenario is a relay that is not held to one core. */
export const COMPARED_GOALS: readonly Goal[] = [
  { of: 'evalx-get/small req_per_s', ratio: 2 },
  { of: 'evalx-get/medium req_per_s', ratio: 5, from: '8 wished for' },
  { of: 'evalx-get/large req_per_s', ratio: 4, from: '8 wished for' },
  against('evalx-paced/medium?rate=500 lat_p99_ms', 1.5, 2.2),
  { of: 'poll-flags/medium req_per_s', ratio: 10 },
  { of: 'poll-flags304/medium req_per_s', ratio: 20 },
  { of: 'poll-flag/medium req_per_s', ratio: 1.5 },
  against('streams-all/medium?k=2000 storm_s', 0.8, 6),
  against('streams-all/medium?k=2000 2 storm_s', 0.6, 1.2),
  against('streams-all/large?k=200 storm_s', 1, 6.2),
  against('streams-all/large?k=200 storm_rss_peak_mb', 250, 1_190),
  against('streams-all/medium?k=2000 stream_kb', 14, 87),
  against('streams-eval/medium?k=2000 stream_kb', 14, 46),
  { of: 'streams-all/medium?k=500 pss_after_patches_mb', ratio: 1 },
  { of: 'streams-eval/medium?k=500 pss_after_patches_mb', ratio: 1 },
  against('streams-all/medium?k=2000 fanout_cpu_us_per_delivery', 14, 20),
  against('streams-all/medium?k=2000 fanout_all_median_ms', 27, 41),
  against('streams-all/medium?k=2000 burst_deliveries_per_s', 250_000, 96_000),
  { of: 'streams-all/medium?k=2000 burst_delivered_ratio', value: 1 },
  { of: 'events-big/small events_accepted_per_s', ratio: 1 },
  { of: 'events-big/small forwarded_ratio', value: 0.999 },
  { of: 'events-big/medium events_accepted_per_s', ratio: 1 },
  { of: 'events-big/medium forwarded_ratio', value: 0.999 },
  { of: 'startup/small idle_pss_mb', value: 75 },
  { of: 'startup/small ready_ms', value: 200 },
];
