import { benchData } from './dataset.ts';
import { type Lab, settle, startRelay } from './lab.ts';
import { memoryOf } from './process.ts';
import { environmentsRow } from './report/bench-section.ts';
import { ENVIRONMENTS } from './report/detail-sections.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

/** Memory with 1, 10 and 100 environments of `medium`, each with its own stream from upstream. */
export async function measureEnvironments(lab: Lab): Promise<Row[]> {
  const upstream = await startUpstream(benchData('medium'));
  const rows: Row[] = [];
  try {
    for (const environments of ENVIRONMENTS) {
      const relay: number[] = [];
      for (let round = 0; round < lab.rounds; round++) {
        const server = await startRelay(lab, upstream.uri, { environments });
        await settle(1_000);
        relay.push(memoryOf(server.pid).pss / 1e6);
        await server.stop();
      }
      rows.push({
        name: environmentsRow(environments),
        unit: 'MB',
        better: 'lower',
        measures: 'memory',
        relay,
        baseline: [],
      });
    }
  } finally {
    await upstream.close();
  }
  return rows;
}
