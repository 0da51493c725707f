import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownTurn, turnFor } from './own-turn.ts';

test('everybody has a turn of the event loop to himself, in order; others come between', async () => {
  const seen: string[] = [];
  let ended = false;
  const tick = (): void => {
    seen.push('|');
    if (!ended) setImmediate(tick);
  };
  setImmediate(tick);
  await Promise.all(['a', 'b', 'c'].map((name) => ownTurn().then(() => seen.push(name))));
  ended = true;
  assert.match(seen.join(''), /^\|*a\|+b\|+c\|*$/);
});

test('what is small does not wait', () => {
  assert.equal(turnFor(65_536), undefined);
  assert.ok(turnFor(65_537) instanceof Promise);
});
