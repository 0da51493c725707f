import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConnected, nextLink } from '../environment/link-status.ts';
import { readiness } from './readiness.ts';

test('a link keeps its last error and moves its time with the state only (contract 3)', () => {
  const error = { kind: 'NETWORK_ERROR', time: 5, message: 'x' } as const;
  const start = { state: 'INITIALIZING', stateSince: 1 } as const;
  const failed = nextLink(start, 'INITIALIZING', error, 10);
  assert.deepEqual(failed, { state: 'INITIALIZING', stateSince: 1, lastError: error });
  assert.deepEqual(nextLink(failed, 'VALID', undefined, 20), { state: 'VALID', stateSince: 20, lastError: error });
});

test('connected: initialised, and not without a link for too long (contract 3)', () => {
  const interrupted = { state: 'INTERRUPTED', stateSince: 1000 } as const;
  assert.equal(isConnected({ state: 'VALID', stateSince: 0 }, false, 60_000, 1e6), false);
  assert.equal(isConnected({ state: 'VALID', stateSince: 0 }, true, 60_000, 1e6), true);
  assert.equal(isConnected(interrupted, true, 60_000, 60_999), true);
  assert.equal(isConnected(interrupted, true, 60_000, 61_000), false);
});

test('ready: start-up over and something to serve', () => {
  const served = { access: 'open', settled: true, hasData: true } as const;
  const waiting = { access: 'starting', settled: false, hasData: false } as const;
  const empty = { access: 'open', settled: true, hasData: false } as const;
  const keyless = { access: 'keyless', settled: true, hasData: false } as const;
  const refused = { access: 'refused', settled: true, hasData: false } as const;
  const cases: [boolean, Parameters<typeof readiness>[1], boolean][] = [
    [false, [], false],
    [true, [], true],
    [true, [served], true],
    [true, [served, waiting], false],
    [true, [served, empty, keyless, refused], true],
    [true, [keyless], false],
    [true, [empty], false],
    [true, [refused, keyless], false],
  ];
  for (const [listed, environments, ready] of cases) {
    assert.equal(readiness(listed, environments).ready, ready, JSON.stringify(environments));
  }
});
