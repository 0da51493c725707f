import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSseParser, EventTooLargeError, type ServerSentEvent } from './parser.ts';

function parse(chunks: readonly (string | Uint8Array)[], maxEventLength = 1_000_000): ServerSentEvent[] {
  const parser = createSseParser({ maxEventLength });
  return chunks.flatMap((chunk) => [...parser.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)]);
}

test('an event has a name and data', () => {
  assert.deepEqual(parse(['event: put\ndata: {"a":1}\n\n']), [{ event: 'put', data: '{"a":1}' }]);
});

test('without a name it is "message"; several data lines are joined; one space after the colon is not data', () => {
  assert.deepEqual(parse(['data:a\ndata:  b\ndata\n\n']), [{ event: 'message', data: 'a\n b\n' }]);
});

test('comments, ids and unknown fields are ignored; an event without data is not an event', () => {
  assert.deepEqual(parse([':\n:hi\nid: 7\nfoo: bar\nevent: put\n\ndata: x\n\n']), [{ event: 'message', data: 'x' }]);
});

test('a cut-off event is not delivered', () => {
  assert.deepEqual(parse(['data: a\n\ndata: b\n']), [{ event: 'message', data: 'a' }]);
});

test('a byte order mark at the start is skipped, also in pieces', () => {
  assert.deepEqual(parse([Buffer.from([0xef]), Buffer.from([0xbb, 0xbf]), 'data: x\n\n']), [
    { event: 'message', data: 'x' },
  ]);
});

test('retry is told when it is a number', () => {
  const told: number[] = [];
  const parser = createSseParser({ maxEventLength: 100, onRetry: (ms) => told.push(ms) });
  assert.deepEqual([...parser.push(Buffer.from('retry: 1500\nretry: soon\nretry:\n\n'))], []);
  assert.deepEqual(told, [1500]);
});

test('an event that is too large is an error, also when its line never ends', () => {
  assert.throws(() => parse([`data: ${'x'.repeat(200)}\n`], 100), EventTooLargeError);
  assert.throws(() => parse(['data: ', ...Array.from({ length: 20 }, () => 'xxxxxxxxxx')], 100), EventTooLargeError);
});

test('heartbeats do not add up to an event that is too large', () => {
  assert.deepEqual(parse([...Array.from({ length: 1000 }, () => ':\n'), 'data: x\n\n'], 50), [
    { event: 'message', data: 'x' },
  ]);
});

const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
const text = fc.string({ unit: 'grapheme' }).map((value) => value.replace(/[\r\n\uFEFF]/g, ''));

test('events come out as they went in, whatever the line ends and wherever the chunks are cut', () => {
  const event = fc.record({
    event: text.filter((name) => name !== ''),
    data: fc.array(text, { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 5 }),
      lineEnd,
      fc.array(fc.nat(2000), { maxLength: 20 }),
      (events, end, cuts) => {
        const wire = events
          .map(({ event, data }) => [`event: ${event}`, ...data.map((line) => `data: ${line}`), '', ''].join(end))
          .join('');
        const bytes = Buffer.from(wire);
        const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
        assert.deepEqual(
          parse(chunks),
          events.map(({ event, data }) => ({ event, data: data.join('\n') })),
        );
      },
    ),
    { numRuns: 500 },
  );
});

test('no bytes make it throw anything but EventTooLargeError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      try {
        parse(chunks, 60);
      } catch (error) {
        assert.ok(error instanceof EventTooLargeError);
      }
    }),
    { numRuns: 1000 },
  );
});
