import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Frequency, fingerprint } from './frequency.ts';

test('counts what is noted, up to its most', () => {
  const frequency = new Frequency();
  const print = fingerprint('a');
  assert.equal(frequency.estimate(print), 0);
  assert.deepEqual([frequency.note(print), frequency.note(print)], [1, 2]);
  for (let time = 0; time < 300; time++) frequency.note(print);
  assert.equal(frequency.estimate(print), 255);
});

test('what is long ago counts less', () => {
  const frequency = new Frequency();
  const print = fingerprint('a');
  for (let time = 0; time < 100; time++) frequency.note(print);
  for (let other = 0; other < 2 ** 16; other++) frequency.note(fingerprint('b'));
  assert.equal(frequency.estimate(print), 50);
});

test('ten thousand texts that come once are not taken for ones that came twice, but for a few', () => {
  const frequency = new Frequency();
  let twice = 0;
  for (let text = 0; text < 10_000; text++) if (frequency.note(fingerprint(`context ${text}`)) > 1) twice += 1;
  assert.ok(twice < 200, `${twice}`);
});
