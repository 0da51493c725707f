import { cpus } from 'node:os';
import { benchData } from './dataset.ts';
import { evalx } from './http.ts';
import { type Lab, onAllCores, startRelay } from './lab.ts';
import { runLoad } from './load-run.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

const CONNECTIONS = 32;

/**
 * What a process more gives: evaluations of `large`, which cost the client next to nothing, with as many workers as there are
 * cores (two at most) next to one process. Neither is held to a core. Empty on a machine with one.
 */
export async function measureWorkers(lab: Lab): Promise<Row[]> {
  const workers = Math.min(2, cpus().length);
  if (workers < 2) return [];
  const data = benchData('large');
  const upstream = await startUpstream(data);
  const free = onAllCores(lab);
  const { requests } = evalx('large', data);
  const perSecond = async (count: number): Promise<number> => {
    const relay = await startRelay(free, upstream.uri, { env: { WORKERS: String(count) } });
    try {
      const load = {
        port: relay.port,
        requests,
        connections: CONNECTIONS,
        warmMs: 1_000,
        measureMs: lab.measureMs * 2,
      };
      return (await runLoad(load, 200)).perSecond;
    } finally {
      await relay.stop();
    }
  };
  const many: number[] = [];
  const one: number[] = [];
  try {
    for (let round = 0; round < lab.rounds; round++) {
      many.push(await perSecond(workers));
      one.push(await perSecond(1));
    }
  } finally {
    await upstream.close();
  }
  return [
    {
      name: `evalx large, ${workers} workers`,
      unit: 'requests/s',
      better: 'higher',
      measures: 'time',
      relay: many,
      baseline: one,
      against: 'one process',
    },
  ];
}
