import { benchData, type SizeName } from './dataset.ts';
import { type Lab, settle } from './lab.ts';
import { cpuOf, memoryOf, watchPeak } from './process.ts';
import { streamClients } from './stream-clients.ts';
import { bareSide, openingOf, relaySide, type Side, type StreamPath } from './stream-sides.ts';
import type { Row } from './table.ts';

const PATCHES = 20;
const BURST = 50;
/** Streams of the run that memory is compared with: start-up garbage is in both. */
const FEW = 10;

/** What a run of streams looks like. */
export interface StreamRun {
  /** What its rows are called by. */
  readonly name: string;
  readonly path: StreamPath;
  readonly size: SizeName;
  readonly count: number;
  /** Only a storm, all there is to say where streams are few or the server is not held to a core. */
  readonly stormOnly?: boolean;
}

interface Figures {
  /** Bytes of a stream after patches; not a number where only a storm was measured, like the next three. */
  readonly memory: number;
  readonly cpuPerDelivery: number;
  readonly lastMs: number;
  readonly burst: number;
  readonly stormMs: number;
  readonly stormCpu: number;
  readonly stormPeak: number;
}

/** Memory, fan-out, burst and reconnect storm of many streams. */
export async function measureStreams(lab: Lab, run: StreamRun): Promise<Row[]> {
  const data = benchData(run.size);
  const relay: Figures[] = [];
  const baseline: Figures[] = [];
  for (let round = 0; round < lab.rounds; round++) {
    relay.push(await figures(lab, run, () => relaySide(lab, data)));
    baseline.push(await figures(lab, run, () => bareSide(lab, data, run.path)));
  }
  const row = (name: string, unit: string, measures: Row['measures'], pick: (one: Figures) => number): Row => ({
    name: `${run.name}: ${name}`,
    unit,
    better: unit === 'deliveries/s' ? 'higher' : 'lower',
    measures,
    relay: relay.map(pick),
    baseline: baseline.map(pick),
  });
  const storm = [
    row('reconnect storm', 'ms', 'time', ({ stormMs }) => stormMs),
    row('reconnect storm, CPU', 'ms', 'cpu', ({ stormCpu }) => stormCpu / 1000),
    row('reconnect storm, peak RSS', 'MB', 'memory', ({ stormPeak }) => stormPeak / 1e6),
  ];
  if (run.stormOnly === true) return storm;
  // Pings of one turn are sent as one, so that a burst of them measures nothing.
  const burst = row(`burst of ${BURST} patches`, 'deliveries/s', 'time', ({ burst }) => burst);
  return [
    row('memory of a stream', 'KB', 'memory', ({ memory }) => memory / 1000),
    row('CPU of a delivery', 'µs', 'cpu', ({ cpuPerDelivery }) => cpuPerDelivery),
    row('one patch, last client has it', 'ms', 'time', ({ lastMs }) => lastMs),
    ...(run.path === '/all' ? [burst] : []),
    ...storm,
  ];
}

async function figures(lab: Lab, run: StreamRun, start: () => Promise<Side>): Promise<Figures> {
  if (run.stormOnly === true) return exercise(lab, run, start);
  const few = await exercise(lab, { ...run, count: FEW }, start);
  const many = await exercise(lab, run, start);
  return { ...many, memory: (many.memory - few.memory) / (run.count - FEW) };
}

async function exercise({ tls }: Lab, run: StreamRun, start: () => Promise<Side>): Promise<Figures> {
  const { count, path } = run;
  const side = await start();
  const { pid, port } = side.server;
  const clients = streamClients(port, count, openingOf(path), tls !== undefined);
  try {
    await clients.open();
    await settle(500);
    const patched = { memory: Number.NaN, cpuPerDelivery: Number.NaN, lastMs: Number.NaN, burst: Number.NaN };
    if (run.stormOnly !== true) {
      const times: number[] = [];
      const cpu = cpuOf(pid);
      for (let i = 0; i < PATCHES; i++) times.push(await clients.deliver(1, () => side.publish(1)));
      patched.cpuPerDelivery = (cpuOf(pid) - cpu) / (PATCHES * count);
      patched.lastMs = times.toSorted((a, b) => a - b)[PATCHES >> 1] ?? Number.NaN;
      patched.memory = memoryOf(pid).pss;
      if (path === '/all') {
        patched.burst = (BURST * count * 1000) / (await clients.deliver(BURST, () => side.publish(BURST)));
      }
    }
    clients.cut();
    const peak = watchPeak(pid);
    const cpu = cpuOf(pid);
    const stormMs = await clients.open();
    return { ...patched, stormMs, stormCpu: cpuOf(pid) - cpu, stormPeak: peak() };
  } finally {
    clients.cut();
    await side.close();
  }
}
