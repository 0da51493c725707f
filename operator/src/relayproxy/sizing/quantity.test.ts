import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mebibytes, millicores, quantityValue } from './quantity.ts';

test('quantities are read as Kubernetes reads them', () => {
  const cases: [string | number, number][] = [
    ['100m', 0.1],
    ['2', 2],
    [2, 2],
    ['.5', 0.5],
    ['512Mi', 512 * 2 ** 20],
    ['1G', 1e9],
    ['1e3', 1000],
    ['1E', 1e18],
    ['128974848', 128_974_848],
  ];
  for (const [text, value] of cases) assert.equal(quantityValue(text), value, String(text));
  for (const text of ['', 'Mi', '5X', '1.2.3']) assert.ok(Number.isNaN(quantityValue(text)), text);
});

test('numbers are rounded up to steps', () => {
  assert.equal(mebibytes(1, 32), '32Mi');
  assert.equal(mebibytes(64 * 2 ** 20, 32), '64Mi');
  assert.equal(millicores(0.3, 50), '300m');
  assert.equal(millicores(0.301, 50), '350m');
});
