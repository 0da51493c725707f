import { benchData } from './dataset.ts';
import { type Lab, sdkKey, settle, startBare, startRelay } from './lab.ts';
import type { LoadSpec } from './load.ts';
import { runLoad } from './load-run.ts';
import type { Row } from './table.ts';
import { startUpstream } from './upstream.ts';

const BATCH = 50;
const ENV = { USE_EVENTS: '1', EVENTS_CAPACITY: '2000000', EVENTS_FLUSH_INTERVAL: '1s' };
/** Two flush intervals. */
const FLUSHED_MS = 3_000;

/** Events per second that are accepted in posts of 50, and the share that reaches the sink. */
export async function measureEvents(lab: Lab): Promise<Row[]> {
  const body = JSON.stringify(Array.from({ length: BATCH }, (_, index) => event(index)));
  const empty = lab.file('empty', '');
  const accepted = { relay: [] as number[], baseline: [] as number[] };
  const arrived: number[] = [];
  for (let round = 0; round < lab.rounds; round++) {
    const upstream = await startUpstream(benchData('small'));
    const relay = await startRelay(lab, upstream.uri, { env: ENV });
    const bare = await startBare(lab, 'bare-server.ts', [empty, '202']);
    try {
      const result = await runLoad(spec(lab, relay.port, body), 202);
      accepted.relay.push(result.perSecond * BATCH);
      await settle(FLUSHED_MS);
      arrived.push((100 * upstream.events()) / (result.answers * BATCH));
      accepted.baseline.push((await runLoad(spec(lab, bare.port, body), 202)).perSecond * BATCH);
    } finally {
      await bare.stop();
      await relay.stop();
      await upstream.close();
    }
  }
  return [
    { name: 'events accepted, 50 a post', unit: 'events/s', better: 'higher', measures: 'time', ...accepted },
    { name: 'of them forwarded', unit: '%', better: 'higher', measures: 'share', relay: arrived, baseline: [] },
  ];
}

function event(index: number): unknown {
  return {
    kind: 'custom',
    key: `event-${index}`,
    creationDate: 1_790_000_000_000 + index,
    contextKeys: { user: `user-${index}`, organization: `org-${index % 7}` },
    data: { source: 'bench', page: '/pricing', position: index },
    metricValue: index / 4,
  };
}

function spec(lab: Lab, port: number, body: string): LoadSpec {
  const head = [
    'POST /bulk HTTP/1.1',
    'Host: bench',
    `Authorization: ${sdkKey()}`,
    'Content-Type: application/json',
    'X-LaunchDarkly-Event-Schema: 4',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  return {
    port,
    requests: [head],
    body,
    connections: 32,
    warmMs: Math.round(lab.measureMs / 3),
    measureMs: lab.measureMs,
  };
}
