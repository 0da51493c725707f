import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { benchData } from './dataset.ts';
import { buildBundle, evalxPath, freePort, openLab, sdkKey } from './lab.ts';
import { originFromNow } from './origin.ts';
import { memoryOf, type ServerProcess, startServer } from './process.ts';
import { type Churned, growthOf, leaks, type Sample } from './report/churned.ts';
import { churnSection } from './report/detail-sections.ts';
import { keep } from './report/files.ts';
import { streamClients } from './stream-clients.ts';
import { startUpstream } from './upstream.ts';

// `make churn MINUTES=60`: streams come and go, flags change, environments are added and removed, for as long as asked. A table of
// what a leak would show in, taken while no stream is open, and the slope over its second half. Exit code 1 when something grows.
// `--record` keeps it in churned.json and renders RESULTS.md.

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, record: { type: 'boolean' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 24 * 60)) throw new RangeError(`--minutes: ${values.minutes} is not from 1 to 1440`);

/** Environments that are always there, and those that come and go. */
const STEADY = 3;
const CHANGING = 5;
const STREAMS = 150;
const SAMPLES = 30;
const origin = originFromNow();
buildBundle();
const lab = openLab({ rounds: 1, measureMs: 0, streams: STREAMS });
const upstream = await startUpstream(benchData('medium'));
const opsPort = await freePort();
const port = await freePort();
const document = lab.file('relay.json', '{}');

function writeDocument(environments: number): void {
  const list = Array.from({ length: environments }, (_, index) => ({
    name: `e${index}`,
    sdkKey: sdkKey(index),
    envId: `bench${index}`,
  }));
  const text = JSON.stringify({
    server: { port },
    ops: { port: opsPort },
    upstream: { streamUri: upstream.uri, baseUri: upstream.uri, onInitTimeout: 'continue' },
    log: { level: 'warn' },
    environments: list,
  });
  // Whole or not at all, as kubelet writes.
  writeFileSync(`${document}.new`, text);
  renameSync(`${document}.new`, document);
}

/** While no stream is open. */
const samples: Sample[] = [];
let server: ServerProcess | undefined;
try {
  writeDocument(STEADY);
  server = await startServer({
    argv: [lab.node, '--max-semi-space-size=8', `${import.meta.dirname}/../dist/main.js`, '--config', document],
    port,
    readyPath: evalxPath('{"kind":"user","key":"ready"}', STEADY - 1),
    ...(lab.cores === undefined ? {} : { cores: lab.cores }),
  });
  await churn(server);
} finally {
  await server?.stop();
  await upstream.close();
  lab.close();
}
const churned: Churned = {
  origin: origin(),
  minutes,
  streams: STREAMS,
  environments: { steady: STEADY, changing: CHANGING },
  samples,
  growth: growthOf(samples),
};
console.log(churnSection(churned));
if (values.record === true) keep({ churned });
const grown = leaks(churned.growth);
if (grown.length > 0) console.error(`grew by more than it may: ${grown.join(', ')}`);
process.exitCode = grown.length > 0 ? 1 : 0;

/** Cycles of about two seconds until the time is over, with a sample now and then. */
async function churn({ pid }: ServerProcess): Promise<void> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 60_000;
  for (let cycle = 0; elapsed() < minutes; cycle++) {
    writeDocument(STEADY + (cycle % (CHANGING + 1)));
    const kinds = [
      `GET /all HTTP/1.1\r\nHost: bench\r\nAuthorization: ${sdkKey(cycle % STEADY)}`,
      `GET /eval/bench${cycle % STEADY}/${Buffer.from(`{"kind":"user","key":"u${cycle}"}`).toString('base64url')} HTTP/1.1\r\nHost: bench`,
    ];
    const clients = streamClients(port, STREAMS, kinds[cycle % kinds.length] ?? '');
    try {
      await clients.open();
      for (let patch = 0; patch < 3; patch++) await clients.deliver(1, () => upstream.patch(1));
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const path = evalxPath(JSON.stringify({ kind: 'user', key: `u${cycle}-${index}` }), index % STEADY);
          await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer();
        }),
      );
    } finally {
      clients.cut();
    }
    await sleep(1_000);
    if (samples.length < Math.floor((elapsed() / minutes) * SAMPLES)) samples.push(await sample(pid, elapsed(), cycle));
  }
}

async function sample(pid: number, minute: number, cycles: number): Promise<Sample> {
  writeDocument(STEADY);
  await sleep(3_000);
  const text = await (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text();
  const metric = (name: string): number => {
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  const taken: Sample = {
    minute: Number(minute.toFixed(2)),
    cycles,
    rss: memoryOf(pid).rss,
    heap: metric('nodejs_heap_size_used_bytes'),
    fds: readdirSync(`/proc/${pid}/fd`).length,
    handles: metric('nodejs_active_handles_total'),
    streams: metric('flagrelay_streams'),
    environments: metric('flagrelay_environments'),
  };
  process.stderr.write(`${JSON.stringify(taken)}\n`);
  return taken;
}
