import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Registry } from '../environment/registry.ts';
import { createOverview } from './overview.ts';
import type { OwnEnvironments } from './peers.ts';

/** One environment that is served, and one without its SDK key. */
const environments = [
  {
    definition: { name: 'one', awaitedPrevious: { file: '/keys/one', since: 0 } },
    access: 'open',
    settled: true,
    hasData: true,
  },
  { definition: { name: 'two', awaited: ['sdk'] }, access: 'keyless', settled: true, hasData: false },
];

/** The overview of a relay with these environments, whose gate says `held.why`. */
function setUp(held: { why: string | undefined }) {
  const asked: OwnEnvironments[] = [];
  const keyGate = {
    holds: (own: OwnEnvironments) => {
      asked.push(own);
      return held.why;
    },
    close: async () => {},
  };
  const registry = { listed: true, environments: () => environments } as unknown as Registry;
  const overview = createOverview(registry, {
    rules: { keysFromFiles: () => undefined, expiries: () => [] },
    disconnectedAfterMs: 60_000,
    draining: () => false,
    keyGate: () => keyGate,
  });
  return { overview, asked };
}

test('a pod that has something to serve is not ready while it lacks a key that others serve with', () => {
  const held: { why: string | undefined } = { why: 'others serve two' };
  const { overview, asked } = setUp(held);
  assert.deepEqual(overview.readiness(), { ready: false, reason: 'others serve two' });
  const awaited = [
    { name: 'one', credentials: ['previous'] },
    { name: 'two', credentials: ['sdk'] },
  ];
  assert.deepEqual(asked, [{ names: ['one', 'two'], awaited }]);
  held.why = undefined;
  assert.deepEqual(overview.readiness(), { ready: true, reason: 'ok' });
});

test('a pod that was ready once is not asked about again', () => {
  const held: { why: string | undefined } = { why: undefined };
  const { overview, asked } = setUp(held);
  assert.equal(overview.readiness().ready, true);
  held.why = 'others serve two';
  assert.equal(overview.readiness().ready, true);
  assert.equal(asked.length, 1);
});
