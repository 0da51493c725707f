import { benchData } from './dataset.ts';
import { duel, duelRow, warm } from './duel.ts';
import { evalx } from './http.ts';
import { type Lab, startRelay } from './lab.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

/** What the cache of answers costs where it is of no use, as no context comes a second time: the relay with and without it. */
export async function measureUselessCache(lab: Lab): Promise<Row[]> {
  const data = benchData('medium');
  const upstream = await startUpstream(data);
  const relay = await startRelay(lab, upstream.uri);
  const without = await startRelay(lab, upstream.uri, { env: { EVALUATION_CACHE_SIZE: '0B' } });
  const question = evalx('medium', data);
  try {
    for (const server of [relay, without]) await warm(lab, server, question);
    const found = await duel(lab, [relay, question], [without, question]);
    const name = 'evalx medium, no context twice, CPU';
    const row = duelRow(found, { name, unit: 'µs', better: 'lower', measures: 'cpu' }, (one) => one.cpu);
    return [{ ...row, against: 'without the cache of answers' }];
  } finally {
    await relay.stop();
    await without.stop();
    await upstream.close();
  }
}
