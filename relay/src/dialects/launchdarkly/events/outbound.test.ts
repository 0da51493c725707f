import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observeJobs } from '../../../jobs/jobs.ts';
import { SharedBytes } from '../../../memory/shared-bytes.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { Endpoint, Sent } from './endpoint.ts';
import { createOutbound } from './outbound.ts';
import type { Parcel } from './parcel.ts';
import { createQueues } from './queues.ts';

/** What an endpoint may say of one parcel. */
type Answer = 'taken' | 'again' | 'mistake';

function setUp(answer: (parcel: Parcel) => Answer | Promise<Answer>) {
  const memory = new SharedBytes(10_000_000);
  const queues = createQueues(1000, memory.share());
  const dropped: Record<string, number> = {};
  const state = { pauseMs: 0, refuses: false, fails: false };
  const texts: number[] = [];
  let sent = 0;
  const endpoint: Endpoint = {
    pauseMs: () => state.pauseMs,
    refuses: () => state.refuses,
    fails: () => state.fails,
    async send(parcel): Promise<Sent> {
      texts.push(parcel.count);
      switch (await answer(parcel)) {
        case 'mistake':
          throw new Error('a mistake of ours');
        case 'again':
          return { again: parcel };
        default:
          parcel.release();
          return {};
      }
    },
  };
  const outbound = createOutbound({
    endpoint,
    queues,
    metrics: {
      dropped: (count, reason) => {
        dropped[reason] = (dropped[reason] ?? 0) + count;
      },
    },
    signal: new AbortController().signal,
    sent: () => {
      sent += 1;
    },
  });
  const add = (tags: string, count: number) => {
    const queue = queues.for({ metadata: { family: 'server', schema: 4, tags }, unsummarized: false })!;
    assert.ok(queue.verbatim.add('1', { start: 0, end: 1 }, count, undefined));
    return queue;
  };
  return {
    ...{ outbound, queues, dropped, state, texts, add, memory },
    sent: (count: number) => eventually(() => assert.equal(sent, count)),
  };
}

describe('the way out of a lane', { timeout: 30_000 }, () => {
  test('what comes back waits, is sent again, and is then taken', async () => {
    const answers: Answer[] = ['again', 'taken'];
    const t = setUp(() => answers.shift()!);
    t.outbound.sendQueue(t.add('a', 3));
    await t.sent(1);
    assert.equal(t.outbound.returned, 1);
    t.state.pauseMs = 40;
    assert.equal(t.outbound.sendReturned(), 40, 'the pause is what the rest waits for');
    t.state.pauseMs = 0;
    assert.equal(t.outbound.sendReturned(), 0);
    await t.sent(2);
    assert.deepEqual([t.texts, t.dropped, t.outbound.returned], [[3, 3], {}, 0]);
  });

  test('while upstream fails one payload at a time tells whether it works again', async () => {
    const held = Promise.withResolvers<Answer>();
    const t = setUp(() => held.promise);
    t.state.fails = true;
    assert.equal(t.outbound.canSend(), true);
    t.outbound.sendQueue(t.add('a', 1));
    assert.equal(t.outbound.canSend(), false);
    t.state.fails = false;
    assert.equal(t.outbound.canSend(), true);
    held.resolve('taken');
    await t.sent(1);
  });

  test('no more than five are on their way or back at a time', async () => {
    const held = Promise.withResolvers<Answer>();
    const t = setUp(() => held.promise);
    for (let n = 0; n < 5; n++) {
      assert.equal(t.outbound.canSend(), true);
      t.outbound.sendQueue(t.add(`${n}`, 1));
    }
    assert.equal(t.outbound.canSend(), false);
    held.resolve('again');
    await t.sent(5);
    assert.equal(t.outbound.canSend(), false, 'what came back counts');
  });

  test('once nothing is kept, what upstream does not take is lost and counted', async () => {
    const t = setUp(() => 'again');
    t.add('a', 3);
    t.outbound.keepNothing();
    await t.outbound.sendAll();
    assert.deepEqual([t.dropped, t.outbound.returned], [{ failed: 3 }, 0]);
    t.queues.close();
    assert.equal(t.memory.used, 0);
  });

  test('what came back before the end is sent once more, and counted even where that ends by a mistake', async () => {
    const mistakes: unknown[] = [];
    const stop = observeJobs((job) => mistakes.push(job));
    const answers: Answer[] = ['again', 'mistake'];
    const t = setUp(() => answers.shift()!);
    t.outbound.sendQueue(t.add('a', 3));
    await t.sent(1);
    t.outbound.keepNothing();
    await t.outbound.sendAll();
    assert.deepEqual(t.dropped, { failed: 3 });
    t.queues.close();
    assert.equal(t.memory.used, 0);
    await eventually(() => assert.deepEqual(mistakes, ['events-sent']));
    stop();
  });

  test('sending everything ends early where upstream refuses; the rest is given up and counted', async () => {
    const t = setUp(() => {
      t.state.refuses = true;
      t.state.pauseMs = 1_000;
      return 'taken';
    });
    for (let n = 0; n < 9; n++) t.add(`${n}`, 1);
    await t.outbound.sendAll();
    assert.equal(t.texts.length, 5);
    t.outbound.giveUp();
    assert.deepEqual(t.dropped, { shutdown: 4 });
    t.queues.close();
    assert.equal(t.memory.used, 0);
  });
});
