import { benchData, SIZES, type SizeName } from './dataset.ts';
import { freePort, type Lab, settle, startRelay } from './lab.ts';
import { memoryOf, type ServerProcess, startServer } from './process.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

/** How long a server idles before its memory is read, in ms. */
const IDLE_MS = 1_500;
/** No type stripping and nothing loaded: what Node itself takes. */
const BARE =
  "require('node:http').createServer((_, response) => response.end('ok')).listen(process.argv[1], '127.0.0.1')";

interface Figures {
  readonly startMs: number;
  readonly pss: number;
  readonly rss: number;
}

/** Start to the first 200 on evalx, and memory when idle. */
export async function measureStart(lab: Lab, sizes: readonly SizeName[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const upstream = await startUpstream(benchData(size));
    const relay: Figures[] = [];
    const bare: Figures[] = [];
    try {
      for (let round = 0; round < lab.rounds; round++) {
        relay.push(await figures(await startRelay(lab, upstream.uri)));
        bare.push(await figures(await startBareNode(lab)));
      }
    } finally {
      await upstream.close();
    }
    const row = (name: string, unit: string, measures: Row['measures'], pick: (one: Figures) => number): Row => ({
      name: `${name}, ${SIZES[size].flags} flags`,
      unit,
      better: 'lower',
      measures,
      relay: relay.map(pick),
      baseline: bare.map(pick),
    });
    rows.push(
      row('start to first 200', 'ms', 'time', ({ startMs }) => startMs),
      row('idle PSS', 'MB', 'memory', ({ pss }) => pss / 1e6),
      row('idle RSS', 'MB', 'memory', ({ rss }) => rss / 1e6),
    );
  }
  return rows;
}

async function startBareNode(lab: Lab): Promise<ServerProcess> {
  const port = await freePort();
  return startServer({
    argv: [lab.node, '-e', BARE, String(port)],
    port,
    readyPath: '/',
    ...(lab.cores === undefined ? {} : { cores: lab.cores }),
  });
}

async function figures(server: ServerProcess): Promise<Figures> {
  await settle(IDLE_MS);
  const memory = memoryOf(server.pid);
  await server.stop();
  return { startMs: server.startMs, ...memory };
}
