import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FleetStatus, servedByOthers } from './peers.ts';

const SELF = 'fleet-relay-6f7d8c9b5-zzzzz';
const OLD = ['fleet-relay-5c4b3a291-aaaaa', 'fleet-relay-5c4b3a291-bbbbb'];
const TWO = { name: 'two', credentials: ['sdk'] } as const;
const MOBILE = { name: 'two', credentials: ['mobile'] } as const;

type Item = NonNullable<FleetStatus['instances']>[number];
const missing = (served: boolean) => [{ name: 'two', state: 'CredentialMissing', served }];
const fleet = (instances: readonly Item[], connectedInstances = 2): FleetStatus => ({
  environments: [
    { name: 'one', connectedInstances: 3 },
    { name: 'two', connectedInstances },
  ],
  instances,
});
const old = (change: Partial<Item> = {}): Item[] => OLD.map((name) => ({ name, ready: true, ...change }));
const count = (status: FleetStatus, awaited: Parameters<typeof servedByOthers>[2][number] = TWO) =>
  servedByOthers(status, SELF, [awaited]).get('two') ?? 0;

describe('who else serves an environment', () => {
  test('ready pods of another template, for which it is well', () => {
    assert.equal(count(fleet(old())), 2);
    assert.equal(count(fleet(old()), MOBILE), 2);
    assert.equal(count(fleet([...old().slice(1), { name: SELF, ready: false, unhealthy: missing(false) }])), 1);
  });

  test('not those of the same template: they were given the same Secrets', () => {
    const same = [{ name: 'fleet-relay-6f7d8c9b5-yyyyy', ready: true }];
    assert.equal(count(fleet(same)), 0);
  });

  test('not those that are not ready, or whose key upstream refuses, or that have no data yet', () => {
    assert.equal(count(fleet(old({ ready: false }))), 0);
    for (const state of ['OFF', 'INITIALIZING'])
      assert.equal(count(fleet(old({ unhealthy: [{ name: 'two', state }] }))), 0);
  });

  test('not those that never had the environment: nobody is connected for it', () => {
    assert.equal(count(fleet(old(), 0)), 0);
    assert.equal(count({ instances: old() }), 0);
  });

  test('those whose Secret is gone while they serve with the key that they read; but never had is not had', () => {
    assert.equal(count(fleet(old({ unhealthy: missing(true) }))), 2);
    assert.equal(count(fleet(old({ unhealthy: missing(false) }))), 0);
  });

  test('of a mobile key: a pod that lacks it serves nobody with it', () => {
    assert.equal(count(fleet(old({ unhealthy: missing(true) })), MOBILE), 0);
  });

  test('those that serve the last good data while upstream is away for long', () => {
    assert.equal(count(fleet(old({ unhealthy: [{ name: 'two', state: 'INTERRUPTED' }] }), 0)), 2);
  });

  test('what a pod says of all that it does not name is said of this one', () => {
    assert.equal(count(fleet(old({ unhealthy: [{ name: '*', state: 'INTERRUPTED' }] }))), 2);
    assert.equal(count(fleet(old({ unhealthy: [{ name: '*', state: 'CredentialMissing', served: false }] }))), 0);
  });

  test('an empty status is nobody', () => assert.equal(count({}), 0));
});
