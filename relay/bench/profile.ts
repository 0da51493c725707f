import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchData } from './dataset.ts';
import { warm } from './duel.ts';
import { evalx } from './http.ts';
import { type Lab, startRelay } from './lab.ts';
import { runLoad } from './load-run.ts';
import { type CpuProfile, type Frame, type ProfileSummary, summarise } from './report/profile-summary.ts';
import { startUpstream } from './upstream.ts';

/** How often the profiler looks, µs. */
const INTERVAL_US = 500;
const CONNECTIONS = 32;
/** How long the profiled load lasts, ms. */
const MEASURE_MS = 4_000;
/** Lines of each of the two lists. */
const TOP = 15;
const SOURCES = join(import.meta.dirname, '..', 'src');

/** Where the time of evalx with `medium` goes, by Node's own profiler, from the moment the relay is warm. */
export async function profileEvalx(lab: Lab): Promise<ProfileSummary> {
  const data = benchData('medium');
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-profile-'));
  const upstream = await startUpstream(data);
  try {
    const nodeArgs = ['--cpu-prof', '--cpu-prof-interval', String(INTERVAL_US), `--cpu-prof-dir=${folder}`];
    // The profile is written by a process that ends by itself.
    const relay = await startRelay(lab, upstream.uri, { nodeArgs, env: { DRAIN_TIMEOUT: '1ms' } });
    const question = evalx('medium', data);
    const load = { port: relay.port, requests: question.requests, connections: CONNECTIONS, warmMs: 0 };
    let window = { from: 0, to: 0 };
    try {
      await warm(lab, relay, question);
      const from = now();
      await runLoad({ ...load, measureMs: MEASURE_MS }, question.status);
      window = { from, to: now() };
    } finally {
      await relay.stop('SIGTERM');
    }
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
    if (file === undefined) throw new Error('the relay left no profile');
    const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
    return summarise(profile, window, sourceNames(), TOP);
  } finally {
    await upstream.close();
    rmSync(folder, { recursive: true });
  }
}

/** The clock of profiles, in µs. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Names of functions of the bundle by their sources, e.g. `select (evaluation/rollout.ts)`. */
function sourceNames(): (frame: Frame) => string {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) {
      const text = existsSync(`${file}.map`) ? readFileSync(`${file}.map`, 'utf8') : undefined;
      maps.set(file, text === undefined ? undefined : new SourceMap(JSON.parse(text) as SourceMapPayload));
    }
    return maps.get(file);
  };
  return ({ functionName, url, lineNumber, columnNumber }) => {
    const name = functionName === '' ? '(anonymous)' : functionName;
    if (url === '') return name;
    if (url.startsWith('node:')) return `${name} (${url})`;
    // Modules have a URL, scripts a path.
    const file = url.startsWith('file:') ? fileURLToPath(url) : url;
    const entry = mapOf(file)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !('originalSource' in entry)) return name;
    const source = relative(SOURCES, join(file, '..', entry.originalSource));
    const place = source.startsWith('..') ? source.replace(/^.*node_modules\//, '') : source;
    return functionName === '' ? `(${place}:${entry.originalLine + 1})` : `${name} (${place})`;
  };
}
