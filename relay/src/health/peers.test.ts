import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AwaitedEnvironment, type FleetStatus, servedByOthers } from './peers.ts';

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
const held = (status: FleetStatus, names: readonly string[], ...awaited: readonly AwaitedEnvironment[]) =>
  servedByOthers(status, SELF, { names, awaited });
const count = (status: FleetStatus, awaited: AwaitedEnvironment = TWO) =>
  held(status, ['one', 'two'], awaited).get('two')?.pods ?? 0;

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

  test('not one that only this pod and its like are connected for, with the SDK key that they have', () => {
    const self = { name: SELF, ready: false, unhealthy: missing(true) };
    assert.equal(count(fleet([...old(), self], 1), MOBILE), 0);
    assert.equal(count(fleet([...old(), self], 3), MOBILE), 2);
    assert.equal(count(fleet([...old(), { ...self, unhealthy: missing(false) }], 1)), 2);
  });
});

describe('an environment whose key before a rotation was never there', () => {
  const PREVIOUS = { name: 'two', credentials: ['previous'] } as const;
  const kept = new Map([['two', { pods: 2, as: 'previous' }]]);

  test('is held for pods of other templates that accept one', () => {
    assert.deepEqual(held(fleet(old({ previousKeys: ['two'] })), ['one', 'two'], PREVIOUS), kept);
  });

  test('is not where they accept none, or none of this environment, or do not say', () => {
    for (const change of [{}, { previousKeys: [] }, { previousKeys: ['one'] }]) {
      assert.deepEqual(held(fleet(old({ totalEnvironments: 5, ...change })), ['one', 'two'], PREVIOUS), new Map());
    }
  });

  test('says first that others have the key itself', () => {
    const both = { name: 'two', credentials: ['sdk', 'previous'] } as const;
    const served = new Map([['two', { pods: 2, as: 'same' }]]);
    assert.deepEqual(held(fleet(old({ previousKeys: ['two'] })), ['one', 'two'], both), served);
  });
});

describe('an environment whose name no other pod has', () => {
  const NEW = { name: 'new', credentials: ['sdk'] } as const;
  const NEW_MOBILE = { name: 'new', credentials: ['mobile'] } as const;
  const renamed = new Map([['new', { pods: 2, as: 'renamed' }]]);
  const nobody = new Map();
  /** Pods that serve `one` and `two`, as they say and as the operator says before and after it has seen the edit. */
  const serving = (change: Partial<Item> = {}): FleetStatus[] => {
    const instances = old({ totalEnvironments: 2, ...change });
    const own = { name: 'one', connectedInstances: 2 };
    return [
      { instances, environments: [own, { name: 'two', connectedInstances: 2 }] },
      { instances, environments: [own, { name: 'new', connectedInstances: 0 }] },
    ];
  };

  for (const [when, index] of [
    ['before the operator has seen the edit', 0],
    ['after', 1],
  ] as const) {
    const status = (change?: Partial<Item>) => serving(change)[index] as FleetStatus;

    test(`may be theirs under another name, where they serve more than this pod has keys of: ${when}`, () => {
      assert.deepEqual(held(status(), ['one', 'new'], NEW), renamed);
      assert.deepEqual(held(status(), ['new'], NEW), renamed);
      assert.deepEqual(held(status(), ['one', 'new'], NEW_MOBILE), renamed, 'its mobile key may be known to them');
    });

    test(`is a new one where all of theirs are accounted for: ${when}`, () => {
      assert.deepEqual(held(status(), ['one', 'two', 'new'], NEW), nobody);
      assert.deepEqual(held(status(), ['one', 'three', 'new'], NEW), nobody, 'two has another name, and its key');
      assert.deepEqual(held(status({ totalEnvironments: 1 }), ['one', 'new'], NEW), nobody);
    });

    test(`is a new one where what they have more is not served: ${when}`, () => {
      for (const unhealthy of [[{ name: 'two', state: 'OFF' }], missing(false)]) {
        assert.deepEqual(held(status({ unhealthy }), ['one', 'new'], NEW), nobody);
      }
      assert.deepEqual(held(status({ unhealthy: missing(true) }), ['one', 'new'], NEW), renamed, 'it is served');
      assert.deepEqual(held(status({ unhealthy: [{ name: '*', state: 'OFF' }] }), ['one', 'new'], NEW), nobody);
      assert.deepEqual(
        held(status({ unhealthy: [{ name: '*', state: 'INTERRUPTED' }] }), ['one', 'new'], NEW),
        renamed,
      );
    });

    test(`is none of theirs where they have one of that name and do not serve it: ${when}`, () => {
      const unhealthy = [{ name: 'new', state: 'CredentialMissing', served: false }];
      assert.deepEqual(held(status({ totalEnvironments: 3, unhealthy }), ['one', 'new'], NEW), nobody);
    });
  }

  test('is not looked for among pods of the same template, or that are not ready', () => {
    const same = [{ name: 'fleet-relay-6f7d8c9b5-yyyyy', ready: true, totalEnvironments: 2 }];
    assert.deepEqual(held({ instances: same }, ['new'], NEW), nobody);
    assert.deepEqual(held({ instances: old({ ready: false, totalEnvironments: 2 }) }, ['new'], NEW), nobody);
  });
});
