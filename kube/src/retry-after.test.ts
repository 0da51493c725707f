import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRetryAfter } from './retry-after.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('Retry-After', () => {
  for (const [header, ms] of [
    ['5', 5_000],
    ['0', 0],
    [' 7 ', 7_000],
    [['2', '9'], 2_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['999999', 300_000],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ] as const) {
    it(`${JSON.stringify(header)} means ${ms} ms`, () => {
      assert.equal(parseRetryAfter(header as string | string[] | undefined, now), ms);
    });
  }
});
