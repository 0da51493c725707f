import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerReader } from './answer-reader.ts';

const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

test('an answer is whole with its last byte, wherever it was cut', () => {
  for (let cut = 1; cut < text.length; cut++) {
    const read = answerReader();
    assert.equal(read(Buffer.from(text.slice(0, cut))), undefined);
    assert.deepEqual(read(Buffer.from(text.slice(cut))), { status: 200, bodyBytes: 5 });
  }
});

test('one answer after the other, and one without a body', () => {
  const read = answerReader();
  assert.deepEqual(read(Buffer.from('HTTP/1.1 304 Not Modified\r\n\r\n')), { status: 304, bodyBytes: 0 });
  assert.deepEqual(read(Buffer.from(text)), { status: 200, bodyBytes: 5 });
});

test('a length that is not told is an error', () => {
  assert.throws(() => answerReader()(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /without Content-Length/);
});
