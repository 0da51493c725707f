import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseShedDirective } from './shed-directive.ts';

test('an order', () => {
  const order = { id: '1', share: 0.2, overMs: 60_000 };
  assert.deepEqual(parseShedDirective(JSON.stringify(order)), order);
  assert.deepEqual(parseShedDirective(JSON.stringify({ ...order, more: true })), order);
});

test('an empty text is no order', () => {
  assert.equal(parseShedDirective(''), undefined);
  assert.equal(parseShedDirective('\n'), undefined);
});

test('what is not understood is refused, with the reason', () => {
  const cases: [text: string, reason: RegExp][] = [
    ['close everything', /JSON object/],
    ['null', /id must be/],
    ['{"id":"1","share":0.9,"overMs":0}', /share must be .* at most 0.5/],
    ['{"id":"1","share":"0.2","overMs":0}', /share must be/],
    ['{"id":"1","share":0.2,"overMs":-1}', /overMs must be/],
  ];
  for (const [text, reason] of cases) assert.throws(() => parseShedDirective(text), reason, text);
});
