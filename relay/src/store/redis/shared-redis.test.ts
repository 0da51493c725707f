import { test } from 'node:test';
import { openStream } from '../../testing/client.ts';
import { startRedis } from '../../testing/redis.ts';
import { KEYS, simpleFlag, startTestRelay, untilReady } from '../../testing/relay.ts';

test('relays with one Redis: whoever writes a patch first, the streams of all get it (contract 2.3, 6.5)', async () => {
  await using redis = await startRedis();
  const document = { store: { redis: { url: redis.url } } };
  const relays = [await startTestRelay(document), await startTestRelay(document)];
  try {
    for (const relay of relays) await untilReady(relay);
    const sdk = { headers: { Authorization: KEYS.sdk } };
    const streams = await Promise.all(
      relays.flatMap(({ port }) => [openStream(port, '/all', sdk), openStream(port, '/sdk/stream', sdk)]),
    );
    const told = (index: number, version: number) =>
      streams[index]!.until(() => streams[index]!.text().includes(`"key":"one","version":${version}`));
    for (let index = 0; index < streams.length; index++) await told(index, 1);
    for (const [version, [first, second]] of [
      [2, [0, 1]],
      [3, [1, 0]],
    ] as const) {
      for (const relay of [first, second]) {
        relays[relay]!.upstream.patchFlag(KEYS.sdk, simpleFlag('one', version));
        for (const index of [relay * 2, relay * 2 + 1]) await told(index, version);
      }
    }
    for (const stream of streams) stream.close();
  } finally {
    for (const relay of relays) await relay.close();
  }
});
