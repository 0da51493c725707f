import { readdirSync } from 'node:fs';
import { memoryOf } from '@flagrelay/relay/bench/process';
import { type Series, sum, sumBy } from '../control-plane/metrics-text.ts';
import type { OperatorProcess } from '../control-plane/operator-process.ts';
import { usageOf } from '../control-plane/process-usage.ts';
import { markdown } from '../scale/table.ts';
import { growthOfSecondHalf } from './growth.ts';

/** What a leak would show in. Counts of requests are those of a minute. */
export interface Sample {
  readonly minute: number;
  readonly cycles: number;
  readonly rss: number;
  readonly heap: number;
  readonly files: number;
  readonly cachedObjects: number;
  /** Watches that were opened and have not ended. */
  readonly watches: number;
  readonly reads: number;
  readonly writes: number;
  readonly relayRss: number;
  readonly relayFiles: number;
}

type Figure = Exclude<keyof Sample, 'minute' | 'cycles'>;

/** Each figure: its heading, and the growth over the second half that is none: heaps breathe, and a cycle more or less falls into a sample. */
const figures: Readonly<Record<Figure, { heading: string; allowed: number; mib?: boolean }>> = {
  rss: { heading: 'operator RSS, MiB', allowed: 0.1, mib: true },
  heap: { heading: 'heap, MiB', allowed: 0.2, mib: true },
  files: { heading: 'files', allowed: 0.1 },
  cachedObjects: { heading: 'cached objects', allowed: 0.15 },
  watches: { heading: 'open watches', allowed: 0.1 },
  reads: { heading: 'GETs a minute', allowed: 0.25 },
  writes: { heading: 'writes a minute', allowed: 0.25 },
  relayRss: { heading: 'relay RSS, MiB', allowed: 0.1, mib: true },
  relayFiles: { heading: 'relay files', allowed: 0.1 },
};

/** Takes samples of an operator and a relay; the counts of each are of the time since the one before it. */
export function createSampler(operator: OperatorProcess, relayPid: number) {
  let last: { at: number; series: readonly Series[] } = { at: performance.now(), series: [] };
  const started = last.at;
  return async (cycles: number): Promise<Sample> => {
    const series = await operator.metrics();
    const at = performance.now();
    const perMinute = (count: (all: readonly Series[]) => number) =>
      Math.max(0, count(series) - count(last.series)) / ((at - last.at) / 60_000);
    const requests = (wanted: (method: string) => boolean) => (all: readonly Series[]) =>
      [...sumBy(all, 'rest_client_requests_total', 'method')].reduce((n, [m, c]) => n + (wanted(m) ? c : 0), 0);
    const sample = {
      minute: (at - started) / 60_000,
      cycles,
      rss: usageOf(operator.pid).rssBytes,
      heap: sum(series, 'nodejs_heap_size_used_bytes'),
      files: usageOf(operator.pid).files,
      cachedObjects: sum(series, 'reflector_cached_objects'),
      watches: sum(series, 'reflector_watches_total') - sum(series, 'reflector_watch_ends_total'),
      reads: perMinute(requests((method) => method === 'GET')),
      writes: perMinute(requests((method) => method !== 'GET')),
      relayRss: memoryOf(relayPid).rss,
      relayFiles: readdirSync(`/proc/${relayPid}/fd`).length,
    };
    last = { at, series };
    return sample;
  };
}

/** The samples as a table. */
export function sampleTable(samples: readonly Sample[]): string {
  const keys = Object.keys(figures) as Figure[];
  const rows = samples.map((sample) => [
    sample.minute.toFixed(1),
    String(sample.cycles),
    ...keys.map((key) => (sample[key] / (figures[key].mib ? 2 ** 20 : 1)).toFixed(figures[key].mib ? 1 : 0)),
  ]);
  return markdown(['minute', 'cycles', ...keys.map((key) => figures[key].heading)], rows);
}

/** Growth of each figure over the second half; `grown` has those that grew by more than they may. */
export function judge(samples: readonly Sample[]): {
  readonly lines: readonly string[];
  readonly grown: readonly string[];
} {
  const verdicts = (Object.keys(figures) as Figure[]).map((key) => {
    const growth = growthOfSecondHalf(samples.map((sample) => ({ minute: sample.minute, value: sample[key] })));
    const { heading, allowed } = figures[key];
    return { line: `${heading}: ${(growth * 100).toFixed(1)} %, ${allowed * 100} % allowed`, bad: growth > allowed };
  });
  return { lines: verdicts.map(({ line }) => line), grown: verdicts.filter(({ bad }) => bad).map(({ line }) => line) };
}
