import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVerbatimQueue, parseBatch } from './verbatim-queue.ts';

const batch = (text: string) => {
  const parsed = parseBatch(text);
  assert.ok(parsed !== undefined);
  return parsed;
};

test('only a JSON array is a batch', () => {
  assert.deepEqual(parseBatch(' [1, {"a":[2]}] ')?.count, 2);
  assert.equal(parseBatch('[]')?.count, 0);
  for (const bad of ['{}', 'not json', '"[]"', '[1', '']) assert.equal(parseBatch(bad), undefined, bad);
});

test('one batch leaves as it came, with its id', () => {
  const queue = createVerbatimQueue(10, 1000);
  assert.equal(queue.add(batch('[{"n":12345678901234567890},null]'), 'id-1'), 0);
  assert.deepEqual(queue.take(), { body: '[{"n":12345678901234567890},null]', count: 2, payloadId: 'id-1' });
  assert.equal(queue.take(), undefined);
});

test('several batches leave as one, which is a new payload', () => {
  const queue = createVerbatimQueue(10, 1000);
  queue.add(batch('[1,2]'), 'id-1');
  queue.add(batch('[ {"a":"]"} ]'), 'id-2');
  const payload = queue.take();
  assert.deepEqual(JSON.parse(payload?.body ?? ''), [1, 2, { a: ']' }]);
  assert.equal(payload?.count, 3);
  assert.equal(payload?.payloadId, undefined);
});

test('what does not fit is counted, and a cut batch loses its id', () => {
  const queue = createVerbatimQueue(3, 1000);
  assert.equal(queue.add(batch('[1,[2,3],"4","5"]'), 'id-1'), 1);
  assert.equal(queue.add(batch('[6]'), 'id-2'), 1);
  assert.deepEqual(queue.take(), { body: '[1,[2,3],"4"]', count: 3, payloadId: undefined });
});

test('huge events do not fill the memory', () => {
  const queue = createVerbatimQueue(1000, 100);
  assert.equal(queue.add(batch(`["${'x'.repeat(60)}","${'y'.repeat(60)}"]`), undefined), 1);
  assert.equal(queue.add(batch(`["${'z'.repeat(60)}"]`), undefined), 1);
  assert.equal(queue.take()?.count, 1);
});
