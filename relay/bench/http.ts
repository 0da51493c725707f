import { type BenchData, benchData, type SizeName } from './dataset.ts';
import { evalxPath, type Lab, sdkKey, startBare, startRelay } from './lab.ts';
import type { LoadSpec } from './load.ts';
import { runLoad } from './load-run.ts';
import { cpuOf, type ServerProcess } from './process.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

const CONNECTIONS = 32;

interface Figures {
  readonly perSecond: number;
  readonly cpu: number;
}

interface Question {
  readonly name: string;
  readonly status: number;
  readonly requests: readonly string[];
}

/** Requests per second of the evaluation and polling endpoints of one data set, next to the same number of bytes from a bare server. */
export async function measureHttp(lab: Lab, size: SizeName, polling: boolean): Promise<Row[]> {
  const data = benchData(size);
  const upstream = await startUpstream(data);
  const relay = await startRelay(lab, upstream.uri);
  const rows: Row[] = [];
  try {
    for (const question of await questions(size, data, relay.port, polling)) {
      const { bodyBytes } = await runLoad(spec(lab, relay.port, question), question.status);
      const body = lab.file(`body-${bodyBytes}`, Buffer.alloc(bodyBytes, 'x'));
      const bare = await startBare(lab, 'bare-server.ts', [body, String(question.status)]);
      const ours: Figures[] = [];
      const floor: Figures[] = [];
      try {
        await figures(lab, bare, question);
        for (let round = 0; round < lab.rounds; round++) {
          ours.push(await figures(lab, relay, question));
          floor.push(await figures(lab, bare, question));
        }
      } finally {
        await bare.stop();
      }
      const row = (name: string, unit: string, better: Row['better'], pick: (one: Figures) => number): Row => ({
        name: `${question.name}${name}`,
        unit,
        better,
        relay: ours.map(pick),
        baseline: floor.map(pick),
      });
      rows.push(
        row('', 'requests/s', 'higher', ({ perSecond }) => perSecond),
        row(', CPU', 'µs', 'lower', ({ cpu }) => cpu),
      );
    }
  } finally {
    await relay.stop();
    await upstream.close();
  }
  return rows;
}

/** Requests per second, and the server's µs of CPU for one, which other work on the machine moves less. */
async function figures(lab: Lab, server: ServerProcess, question: Question): Promise<Figures> {
  const before = cpuOf(server.pid);
  const { perSecond, answers } = await runLoad(spec(lab, server.port, question), question.status);
  return { perSecond, cpu: (cpuOf(server.pid) - before) / answers };
}

async function questions(size: SizeName, data: BenchData, port: number, polling: boolean): Promise<Question[]> {
  const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: bench${headers}`;
  const contexts = data.contexts.slice(0, 200).map((context) => get(evalxPath(JSON.stringify(context))));
  const evalx = { name: `evalx ${size}`, status: 200, requests: contexts };
  if (!polling) return [evalx];
  const authorization = `\r\nAuthorization: ${sdkKey()}`;
  const response = await fetch(`http://127.0.0.1:${port}/sdk/flags`, { headers: { Authorization: sdkKey() } });
  await response.arrayBuffer();
  const tag = response.headers.get('etag') ?? '';
  const flag = Object.keys(data.flags)[0] ?? '';
  return [
    evalx,
    { name: `/sdk/flags ${size}, whole`, status: 200, requests: [get('/sdk/flags', authorization)] },
    {
      name: `/sdk/flags ${size}, 304`,
      status: 304,
      requests: [get('/sdk/flags', `${authorization}\r\nIf-None-Match: ${tag}`)],
    },
    { name: `/sdk/flags ${size}, one flag`, status: 200, requests: [get(`/sdk/flags/${flag}`, authorization)] },
  ];
}

function spec(lab: Lab, port: number, { requests }: Question): LoadSpec {
  return {
    port,
    tls: lab.tls !== undefined,
    requests,
    connections: CONNECTIONS,
    warmMs: Math.round(lab.measureMs / 3),
    measureMs: lab.measureMs,
  };
}
