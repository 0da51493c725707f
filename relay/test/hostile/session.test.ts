import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attack } from './support/session.ts';

const SEED = Number(process.env.HOSTILE_SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.HOSTILE_ROUNDS ?? 12);

for (const behind of ['upstream', 'redis', 'archive'] as const) {
  test(`${ROUNDS} rounds of hostile clients and ${behind}, HOSTILE_SEED=${SEED}: others are served`, {
    timeout: 300_000,
  }, async () => {
    const { failures } = await attack({ seed: SEED, rounds: ROUNDS, reach: 'bounded', behind });
    assert.deepEqual(failures, []);
  });
}
