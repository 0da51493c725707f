import { benchData } from './dataset.ts';
import { type Duel, duel, duelRow, type Question, warm } from './duel.ts';
import { evalx, head } from './http.ts';
import { type Lab, startBare, startRelay } from './lab.ts';
import type { ServerProcess } from './process.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

/**
 * What Express costs: one small answer by Express on `node:http` and by `node:http` alone; and of the relay, `/status`, which Express
 * serves, next to evaluations of `small`, which do not go through it.
 */
export async function measureExpress(lab: Lab): Promise<Row[]> {
  const data = benchData('small');
  const upstream = await startUpstream(data);
  const stops: (() => Promise<void>)[] = [upstream.close];
  const started = async (starting: Promise<ServerProcess>): Promise<ServerProcess> => {
    const server = await starting;
    stops.unshift(() => server.stop());
    return server;
  };
  try {
    const body = lab.file('small-answer', JSON.stringify({ answer: 'x'.repeat(700) }));
    const express = await started(startBare(lab, 'bare-express.ts', [body]));
    const bare = await started(startBare(lab, 'bare-server.ts', [body]));
    const relay = await started(startRelay(lab, upstream.uri));
    // Express is loaded by the first request for it.
    await (await fetch(`http://127.0.0.1:${relay.port}/status`)).arrayBuffer();
    const answer: Question = { status: 200, requests: [head('/answer')] };
    const status: Question = { status: 200, requests: [head('/status')] };
    const alternate = async (a: ServerProcess, ofA: Question, b: ServerProcess, ofB: Question): Promise<Duel> => {
      await warm(lab, a, ofA);
      await warm(lab, b, ofB);
      return duel(lab, [a, ofA], [b, ofB]);
    };
    return [
      {
        ...cpuRow('a small answer through Express, CPU', await alternate(express, answer, bare, answer)),
        subject: 'Express',
      },
      {
        ...cpuRow('/status of the relay, CPU', await alternate(relay, status, relay, evalx('small', data))),
        against: 'evalx small of the relay',
      },
    ];
  } finally {
    for (const stop of stops) await stop();
  }
}

function cpuRow(name: string, found: Duel): Row {
  return duelRow(found, { name, unit: 'µs', better: 'lower', measures: 'cpu' }, (one) => one.cpu);
}
