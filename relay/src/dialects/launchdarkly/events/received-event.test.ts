import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEvent } from './received-event.ts';

const withKinds = (count: number) =>
  `{"kind":"custom","key":"k","context":{"kind":"multi",${Array.from({ length: count }, (_, n) => `"k${n}":{"key":"a"}`).join()}}}`;

test('a context has as many kinds as anybody needs, and not more than can be taken apart at once', () => {
  const event = readEvent(withKinds(5_000));
  assert.equal(event?.kind === 'custom' && event.context.keys.length, 5_000);
  assert.equal(readEvent(withKinds(5_001)), undefined);
});
