import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SharedBytes } from '../../../memory/shared-bytes.ts';
import { type ParsedBatch, parseBatch } from './batch.ts';
import { createPayloadQueue, PAYLOAD_BYTES, type PayloadQueue } from './payload-queue.ts';

const batch = (text: string): ParsedBatch => {
  const parsed = parseBatch(Buffer.from(text));
  assert.ok(parsed !== undefined);
  return parsed;
};

const start = (bytes = 10_000_000) => {
  const memory = new SharedBytes(bytes);
  return { memory, queue: createPayloadQueue(memory.share()) };
};

const add = (queue: PayloadQueue, text: string, id?: string): boolean => {
  const parsed = batch(text);
  return queue.add(parsed.events, parsed, parsed.count, id);
};

const take = (queue: PayloadQueue) => {
  const payload = queue.take();
  if (payload === undefined) return undefined;
  const { body, count, payloadId } = payload;
  payload.release();
  return { body: body.toString(), count, payloadId };
};

test('one batch leaves as it came, with its id', () => {
  const { queue } = start();
  assert.equal(add(queue, '[{"n":12345678901234567890},null]', 'id-1'), true);
  assert.deepEqual(take(queue), { body: '[{"n":12345678901234567890},null]', count: 2, payloadId: 'id-1' });
  assert.equal(queue.take(), undefined);
});

test('several batches leave as one, which is a new payload', () => {
  const { queue } = start();
  add(queue, '[1,2]', 'id-1');
  add(queue, ' [ {"a":"]"} ] ', 'id-2');
  assert.equal(queue.count, 3);
  const payload = take(queue);
  assert.deepEqual(JSON.parse(payload?.body ?? ''), [1, 2, { a: ']' }]);
  assert.equal(payload?.count, 3);
  assert.equal(payload?.payloadId, undefined);
  assert.equal(queue.count, 0);
});

test('a payload that is large enough does not grow, a larger batch is one of its own', () => {
  const { queue } = start();
  const large = `["${'x'.repeat(PAYLOAD_BYTES - 100)}"]`;
  add(queue, large);
  assert.equal(queue.full, false);
  add(queue, `["${'y'.repeat(2 * PAYLOAD_BYTES)}"]`, 'id-2');
  assert.equal(queue.full, true);
  assert.equal(take(queue)?.body, large);
  assert.equal(take(queue)?.payloadId, 'id-2');
});

test('payloads leave in the order in which they came', () => {
  const { queue } = start();
  const bodies = ['a', 'b', 'c', 'd'].map((letter) => `["${letter.repeat(PAYLOAD_BYTES)}"]`);
  for (const body of bodies) add(queue, body);
  assert.deepEqual(
    bodies.map(() => take(queue)?.body[2]),
    ['a', 'b', 'c', 'd'],
  );
});

test('the memory of a payload is given back once, in parts or as a whole', () => {
  const { queue, memory } = start();
  add(queue, '[1]');
  const payload = queue.take()!;
  const { held } = payload;
  assert.equal(memory.used, held);
  payload.release(100);
  assert.deepEqual([memory.used, payload.held], [100, 100]);
  payload.release(200);
  assert.deepEqual([memory.used, payload.held], [100, 100], 'it does not take any');
  payload.release();
  payload.release();
  assert.deepEqual([memory.used, payload.held], [0, 0]);
});

test('what does not fit into the memory is not taken, and nothing of it stays', () => {
  const { queue, memory } = start(20_000);
  assert.equal(add(queue, `["${'x'.repeat(5_000)}"]`), true);
  const { used } = memory;
  assert.equal(add(queue, `["${'y'.repeat(9_000)}"]`), false);
  assert.equal(memory.used, used);
  assert.equal(queue.count, 1);
  take(queue);
  assert.equal(memory.used, 0);
  assert.equal(add(queue, `["${'y'.repeat(9_000)}"]`), true);
});

test('what was reserved is there', () => {
  const { queue, memory } = start(20_000);
  assert.equal(queue.reserve(7_000), true);
  assert.equal(queue.reserve(12_000), false);
  const { used } = memory;
  assert.equal(queue.add(`"${'z'.repeat(6_998)}"`, { start: 0, end: 0 }, 1, undefined), true);
  assert.equal(memory.used, used);
  take(queue);
  queue.reserve(10);
  queue.close();
  assert.equal(memory.used, 0);
});

test('whatever comes in comes out, in order, as valid JSON, within the memory, which is given back', () => {
  const event = fc.oneof(
    fc.jsonValue(),
    fc.nat(3_000).map((length) => 'é€😀x'.repeat(length)),
  );
  const step = fc.oneof({ weight: 4, arbitrary: fc.array(event, { minLength: 1, maxLength: 5 }) }, fc.constant('take'));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { queue, memory } = start(300_000);
      const sent: unknown[] = [];
      const received: unknown[] = [];
      const drain = () => {
        const payload = take(queue);
        if (payload === undefined) return false;
        const events = JSON.parse(payload.body);
        assert.equal(events.length, payload.count);
        received.push(...events);
        return true;
      };
      for (const one of steps) {
        if (one === 'take') drain();
        else if (add(queue, JSON.stringify(one))) sent.push(...JSON.parse(JSON.stringify(one)));
        assert.ok(memory.used <= 150_000);
      }
      while (drain()) {
        // to the end
      }
      assert.deepEqual(received, sent);
      queue.close();
      assert.equal(memory.used, 0);
    }),
    { numRuns: 60 },
  );
});
