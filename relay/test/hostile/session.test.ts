import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attack } from './support/session.ts';

const SEED = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.HOSTILE_ROUNDS ?? 12);

for (const redis of [false, true]) {
  test(`${ROUNDS} rounds of hostile clients, upstream${redis ? ' and Redis' : ''}, HOSTILE_SEED=${SEED}: others are served`, {
    timeout: 300_000,
  }, async () => {
    const { failures } = await attack({ seed: SEED, rounds: ROUNDS, reach: 'bounded', redis });
    assert.deepEqual(failures, []);
  });
}
