import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { recordingLogger } from '../../../testing/logger.ts';
import { createEndpoint } from './endpoint.ts';
import type { Parcel } from './parcel.ts';
import type { SendResult } from './sender.ts';

const LONG = 600_000;

function setUp(...results: SendResult['outcome'][]) {
  const environment = { sdkKey: 'sdk-1', mobileKey: undefined, envId: undefined, data: async () => undefined };
  const counts: Record<string, number> = {};
  const count = (name: string, by: number) => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  const send = async (): Promise<SendResult> => ({ outcome: results.shift() ?? 'accepted' });
  const endpoint = createEndpoint('server', {
    eventsUri: 'http://events.test',
    environment,
    sender: { send, sendOnce: send },
    logger: recordingLogger(),
    pauseMs: LONG,
    failedMs: LONG,
    metrics: {
      received: () => {},
      forwarded: (by) => count('forwarded', by),
      dropped: (by, reason) => count(reason, by),
      diagnosticDropped: () => {},
      delayed: () => {},
      turnedAway: () => {},
    },
  });
  let released = 0;
  const parcel: Parcel = {
    ...{ gzip: Buffer.of(), length: 0, count: 3, payloadId: 'id', since: performance.now() },
    release: () => {
      released += 1;
    },
  };
  return {
    ...{ endpoint, environment, counts, parcel },
    released: () => released,
    post: () => endpoint.send(parcel, 4, '', new AbortController().signal),
  };
}

describe('where events of one kind go (contract 5.3)', () => {
  test('a refusal pauses it for half the time at least, and what was refused is lost', async () => {
    const t = setUp('refused');
    assert.equal(t.endpoint.pauseMs(), 0);
    assert.deepEqual(await t.post(), {});
    assert.ok(t.endpoint.refuses());
    const pauseMs = t.endpoint.pauseMs();
    assert.ok(pauseMs > LONG / 2 - 1_000 && pauseMs <= LONG, `${pauseMs}`);
    assert.deepEqual([t.counts, t.released()], [{ refused: 3 }, 1]);
  });

  test('a new credential ends that at once', async () => {
    const t = setUp('refused');
    await t.post();
    t.environment.sdkKey = 'sdk-2';
    assert.equal(t.endpoint.pauseMs(), 0);
    assert.equal(t.endpoint.refuses(), false);
  });

  test('a failure pauses it, and what failed is sent again', async () => {
    const t = setUp('failed', 'accepted');
    assert.equal((await t.post()).again, t.parcel);
    assert.ok(t.endpoint.fails() && t.endpoint.pauseMs() > 0);
    assert.deepEqual([t.counts, t.released()], [{}, 0]);
    await t.post();
    assert.deepEqual([t.endpoint.fails(), t.endpoint.pauseMs(), t.counts], [false, 0, { forwarded: 3 }]);
  });

  test('a payload that is sent in parts is counted to its last event, also where a part is refused', async () => {
    const t = setUp('rejected', 'accepted', 'refused');
    const body = '[1,2,3,4]';
    const parcel = { ...t.parcel, gzip: gzipSync(body), length: body.length, count: 4 };
    assert.equal((await t.endpoint.send(parcel, 4, '', new AbortController().signal)).again, undefined);
    assert.deepEqual([t.counts, t.released()], [{ forwarded: 2, refused: 2 }, 1]);
  });
});
