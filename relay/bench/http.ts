import { type BenchData, benchData, type SizeName } from './dataset.ts';
import { duel, duelRow, type Question, warm } from './duel.ts';
import { evalxPath, evalxPathOf, type Lab, sdkKey, startBare, startRelay } from './lab.ts';
import { numberedContext } from './numbered.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

/** Requests/s of the paced row. */
const PACE = 500;
const CONTEXTS = 200;

interface Named extends Question {
  readonly name: string;
}

/** The evaluation endpoint of one data set, next to the same number of bytes from a bare server. */
export async function measureEvalx(lab: Lab, size: SizeName): Promise<Row[]> {
  return measure(lab, benchData(size), (data) => [evalx(size, data)]);
}

/** What is gained where the same contexts come again and again, which the relay keeps the answers of. */
export async function measureRepeated(lab: Lab, size: SizeName): Promise<Row[]> {
  return measure(lab, benchData(size), (data) => [repeated(size, data)]);
}

/** Evaluations at a steady rate, which leaves the server idle most of the time: what a latency is made of when nothing queues. */
export async function measurePaced(lab: Lab): Promise<Row[]> {
  const name = `evalx medium at ${PACE}/s`;
  return measure(lab, benchData('medium'), (data) => [{ ...evalx('medium', data), name, rate: PACE }]);
}

/** The polling endpoints of server-side SDKs, with `medium`. */
export async function measurePolling(lab: Lab): Promise<Row[]> {
  return measure(lab, benchData('medium'), polling);
}

async function measure(
  lab: Lab,
  data: BenchData,
  questionsOf: (data: BenchData, port: number) => readonly Named[] | Promise<readonly Named[]>,
): Promise<Row[]> {
  const upstream = await startUpstream(data);
  const relay = await startRelay(lab, upstream.uri);
  const rows: Row[] = [];
  try {
    for (const question of await questionsOf(data, relay.port)) {
      const { rate: _, ...unpaced } = question;
      const { bodyBytes } = await warm(lab, relay, unpaced);
      const body = lab.file(`body-${bodyBytes}`, Buffer.alloc(bodyBytes, 'x'));
      const bare = await startBare(lab, 'bare-server.ts', [body, String(question.status)]);
      try {
        await warm(lab, bare, unpaced);
        const found = await duel(lab, [relay, question], [bare, question]);
        const { name } = question;
        const time =
          question.rate === undefined
            ? duelRow(found, { name, unit: 'requests/s', better: 'higher', measures: 'time' }, (one) => one.perSecond)
            : duelRow(
                found,
                { name: `${name}, p99`, unit: 'ms', better: 'lower', measures: 'time' },
                (one) => one.p99Ms,
              );
        const cpu = { name: `${name}, CPU`, unit: 'µs', better: 'lower', measures: 'cpu' } as const;
        rows.push(
          time,
          duelRow(found, cpu, (one) => one.cpu),
        );
      } finally {
        await bare.stop();
      }
    }
  } finally {
    await relay.stop();
    await upstream.close();
  }
  return rows;
}

/** Evaluations of contexts of which none comes a second time: no answer can be kept for them. */
export function evalx(size: SizeName, data: BenchData): Named {
  const requests = data.contexts.slice(0, CONTEXTS).map((context) => head(evalxPathOf(numberedContext(context))));
  return { name: `evalx ${size}`, status: 200, requests };
}

function repeated(size: SizeName, data: BenchData): Named {
  const requests = data.contexts.slice(0, CONTEXTS).map((context) => head(evalxPath(JSON.stringify(context))));
  return { name: `evalx ${size}, the same ${CONTEXTS} contexts`, status: 200, requests };
}

async function polling(data: BenchData, port: number): Promise<Named[]> {
  const authorization = `\r\nAuthorization: ${sdkKey()}`;
  const response = await fetch(`http://127.0.0.1:${port}/sdk/flags`, { headers: { Authorization: sdkKey() } });
  await response.arrayBuffer();
  const tag = response.headers.get('etag') ?? '';
  const flag = Object.keys(data.flags)[0] ?? '';
  return [
    { name: '/sdk/flags medium, whole', status: 200, requests: [head('/sdk/flags', authorization)] },
    {
      name: '/sdk/flags medium, 304',
      status: 304,
      requests: [head('/sdk/flags', `${authorization}\r\nIf-None-Match: ${tag}`)],
    },
    { name: '/sdk/flags medium, one flag', status: 200, requests: [head(`/sdk/flags/${flag}`, authorization)] },
  ];
}

/** Head of a GET, without its blank line. */
export function head(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: bench${headers}`;
}
