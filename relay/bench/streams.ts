import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { type BenchData, benchData } from './dataset.ts';
import { type Lab, sdkKey, settle, startBare, startRelay } from './lab.ts';
import { cpuOf, memoryOf, type ServerProcess } from './process.ts';
import { streamClients } from './stream-clients.ts';
import type { Row } from './table.ts';
import { patchText, putText, startUpstream, type Upstream } from './upstream.ts';

const PATCHES = 20;
const BURST = 50;
/** Streams of the run that memory is compared with: start-up garbage is in both. */
const FEW = 10;

interface Side {
  readonly server: ServerProcess;
  publish(count: number): void;
  close(): Promise<void>;
}

interface Figures {
  readonly memory: number;
  readonly cpuPerDelivery: number;
  readonly lastMs: number;
  readonly burst: number;
  readonly stormMs: number;
}

/** Memory, fan-out, burst and reconnect storm of `/all` with `medium`. */
export async function measureStreams(lab: Lab): Promise<Row[]> {
  const data = benchData('medium');
  const relay: Figures[] = [];
  const baseline: Figures[] = [];
  for (let round = 0; round < lab.rounds; round++) {
    relay.push(await figures(lab, () => relaySide(lab, data)));
    baseline.push(await figures(lab, () => bareSide(lab, data)));
  }
  const row = (name: string, unit: string, better: Row['better'], pick: (one: Figures) => number): Row => ({
    name: `streams, ${name}`,
    unit,
    better,
    relay: relay.map(pick),
    baseline: baseline.map(pick),
  });
  return [
    row('memory of one', 'KB', 'lower', ({ memory }) => memory / 1000),
    row('CPU of one delivery', 'µs', 'lower', ({ cpuPerDelivery }) => cpuPerDelivery),
    row('one patch, last client has it', 'ms', 'lower', ({ lastMs }) => lastMs),
    row(`burst of ${BURST} patches`, 'deliveries/s', 'higher', ({ burst }) => burst),
    row('reconnect storm', 'ms', 'lower', ({ stormMs }) => stormMs),
  ];
}

async function figures(lab: Lab, start: () => Promise<Side>): Promise<Figures> {
  const few = await exercise(lab, FEW, start);
  const many = await exercise(lab, lab.streams, start);
  return { ...many, memory: (many.memory - few.memory) / (lab.streams - FEW) };
}

async function exercise({ tls }: Lab, count: number, start: () => Promise<Side>): Promise<Figures> {
  const side = await start();
  const { pid, port } = side.server;
  const clients = streamClients(
    port,
    count,
    `GET /all HTTP/1.1\r\nHost: bench\r\nAuthorization: ${sdkKey()}`,
    tls !== undefined,
  );
  try {
    await clients.open();
    await settle(500);
    const times: number[] = [];
    const cpu = cpuOf(pid);
    for (let i = 0; i < PATCHES; i++) times.push(await clients.deliver(1, () => side.publish(1)));
    const cpuPerDelivery = (cpuOf(pid) - cpu) / (PATCHES * count);
    const lastMs = times.toSorted((a, b) => a - b)[PATCHES >> 1] ?? Number.NaN;
    const memory = memoryOf(pid).pss;
    const burst = (BURST * count * 1000) / (await clients.deliver(BURST, () => side.publish(BURST)));
    clients.cut();
    const stormMs = await clients.open();
    return { memory, cpuPerDelivery, lastMs, burst, stormMs };
  } finally {
    clients.cut();
    await side.close();
  }
}

async function relaySide(lab: Lab, data: BenchData): Promise<Side> {
  const upstream: Upstream = await startUpstream(data);
  const server = await startRelay(lab, upstream.uri);
  return {
    server,
    publish: (count) => upstream.patch(count),
    async close() {
      await server.stop();
      await upstream.close();
    },
  };
}

function ask(port: number, path: string, tls: boolean): void {
  (tls ? getTls : get)({ host: '127.0.0.1', port, path, rejectUnauthorized: false }, (answer) => answer.resume());
}

async function bareSide(lab: Lab, data: BenchData): Promise<Side> {
  const put = lab.file('put', putText(data));
  const patch = lab.file('patch', patchText(data, 1000));
  const server = await startBare(lab, 'bare-streams.ts', [put, patch]);
  return {
    server,
    publish: (count) => ask(server.port, `/publish?n=${count}`, lab.tls !== undefined),
    close: () => server.stop(),
  };
}
