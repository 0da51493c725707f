import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { definitionOfRep, type EnvironmentRep, environmentRep, succeed } from './environment-rep.ts';

const WHOLE = {
  envID: 'e1',
  envKey: 'k',
  envName: 'n',
  mobKey: 'mob',
  projKey: 'p',
  projName: 'P',
  sdkKey: { value: 'sdk', expiring: { value: 'old', timestamp: 5 } },
  defaultTtl: 3,
  secureMode: true,
  version: 7,
};
const MINIMAL = { envID: 'e1', sdkKey: { value: 'sdk' } };
const DEFAULTS = {
  ...{ envKey: '', envName: '', mobKey: '', projKey: '', projName: '' },
  ...{ defaultTtl: 0, secureMode: false, version: 0 },
};

/** The same value with the case of every letter of every member's name chosen anew. */
function respelt(value: unknown, upper: () => boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const name = (key: string) => [...key].map((c) => (upper() ? c.toUpperCase() : c.toLowerCase())).join('');
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [name(key), respelt(member, upper)]));
}

test('8.1: members are found in any case, as the service (envId) and the reference (envID) spell them', () => {
  const { envID, ...rest } = WHOLE;
  assert.deepEqual(environmentRep.parse({ envId: envID, ...rest }), WHOLE);
  fc.assert(
    fc.property(fc.infiniteStream(fc.boolean()), (coins) => {
      const rep = respelt(WHOLE, () => coins.next().value);
      assert.deepEqual(environmentRep.parse(rep), WHOLE);
    }),
  );
});

const READ: readonly (readonly [name: string, value: object, expected: object])[] = [
  ['missing members are zero values', MINIMAL, { ...DEFAULTS, ...MINIMAL }],
  [
    'null is the zero value, whichever member it is',
    { ...Object.fromEntries(Object.keys(WHOLE).map((key) => [key, null])), ...MINIMAL },
    { ...DEFAULTS, ...MINIMAL },
  ],
  [
    'null within the keys',
    { envID: 'e1', sdkKey: { value: 'sdk', expiring: null } },
    { ...DEFAULTS, envID: 'e1', sdkKey: { value: 'sdk' } },
  ],
  [
    'an expiring key without members',
    { envID: 'e1', sdkKey: { value: 'sdk', expiring: { value: null, timestamp: null } } },
    { ...DEFAULTS, envID: 'e1', sdkKey: { value: 'sdk', expiring: { value: '', timestamp: 0 } } },
  ],
  ['unknown members are passed over', { ...WHOLE, hasViews: 1, retiring: 'x', ['__proto__']: { a: 1 } }, WHOLE],
  [
    'the last spelling that is not null counts',
    { ...WHOLE, ENVID: 'e9', EnvId: 'e2', envid: null },
    { ...WHOLE, envID: 'e2' },
  ],
  [
    'Unicode folds as Go folds it',
    { ...MINIMAL, verſion: 4, projKey: 'p' },
    { ...DEFAULTS, ...MINIMAL, version: 4, projKey: 'p' },
  ],
];
for (const [name, value, expected] of READ) {
  test(`8.1: ${name}`, () => assert.deepEqual(environmentRep.parse(value), expected));
}

const REFUSED: readonly (readonly [name: string, value: unknown])[] = [
  ['no ID', { ...WHOLE, envID: '' }],
  ['an ID that is no text', { ...WHOLE, envID: 7 }],
  ['no SDK key', { ...WHOLE, sdkKey: null }],
  ['an empty SDK key', { ...WHOLE, sdkKey: { value: '' } }],
  ['an SDK key that is a text', { ...WHOLE, sdkKey: 'sdk' }],
  ['a list', []],
  ['nothing', null],
];
for (const [name, value] of REFUSED) {
  test(`8.1: refused: ${name}`, () => assert.equal(environmentRep.safeParse(value).success, false));
}

const rep = (version: number, value: string, more: object = {}, mobKey = 'mob'): EnvironmentRep =>
  environmentRep.parse({ envID: 'e1', mobKey, sdkKey: { value, ...more }, version });
const expiring = (value: string, timestamp: number) => ({ expiring: { value, timestamp } });
const grace = (one: EnvironmentRep) =>
  definitionOfRep(one, { envAllowedOrigins: [], envAllowedHeaders: [] }).expiringSdkKeys.map(
    ({ value, expiresAt }) => `${value}@${expiresAt}`,
  );

test('9.2: each key lives until its own time through any number of rotations', () => {
  const first = succeed(rep(1, 's1'), rep(2, 's2', expiring('s1', 100)), 10);
  const second = succeed(first, rep(3, 's3', expiring('s2', 50)), 20);
  assert.deepEqual(grace(second), ['s2@50', 's1@100']);
  const third = succeed(second, rep(4, 's4'), 60);
  assert.deepEqual(grace(third), ['s1@100'], 's2 is over, s3 was replaced without grace');
  assert.deepEqual(grace(succeed(third, rep(5, 's4'), 100)), []);
});

test('9.2: what the newest description says of a key counts: another time, over already, current again', () => {
  const known = succeed(rep(1, 's1'), rep(2, 's2', expiring('s1', 100)), 10);
  assert.deepEqual(grace(succeed(known, rep(3, 's2', expiring('s1', 30)), 20)), ['s1@30']);
  assert.deepEqual(grace(succeed(known, rep(3, 's2', expiring('s1', 5)), 20)), ['s1@5']);
  assert.deepEqual(grace(succeed(known, rep(3, 's1'), 20)), []);
});

test('9.2: a description without a mobile key takes none away', () => {
  assert.equal(succeed(rep(1, 's1'), rep(2, 's1', {}, ''), 0).mobKey, 'mob');
  assert.equal(succeed(rep(1, 's1'), rep(2, 's1', {}, 'new'), 0).mobKey, 'new');
});

const listed = (sdkKeys: object[], mobileKeys: object[] = []): EnvironmentRep =>
  environmentRep.parse({ envID: 'e1', mobKey: 'm', sdkKey: { value: 's' }, sdkKeys, mobileKeys });
const define = (one: EnvironmentRep) => definitionOfRep(one, { envAllowedOrigins: [], envAllowedHeaders: [] });

test('8.21: every listed key is accepted until its own end; the current one for good, the earlier end of two counts', () => {
  const definition = define(
    listed(
      [{ value: 's', expiry: 1 }, { value: 'a', expiry: null }, { value: 'b', expiry: 9 }, { value: 'b' }],
      [{ value: 'm', hasViews: true }, { value: 'n' }, { value: 'o', expiry: 5 }],
    ),
  );
  assert.deepEqual(definition.acceptedSdkKeys, ['a']);
  assert.deepEqual(definition.expiringSdkKeys, [{ value: 'b', expiresAt: 9 }]);
  assert.deepEqual(definition.acceptedMobileKeys, ['n']);
  assert.deepEqual(definition.expiringMobileKeys, [{ value: 'o', expiresAt: 5 }]);
});

test('8.21: a key for views only is not accepted', () => {
  const { acceptedSdkKeys, expiringSdkKeys } = define(listed([{ value: 's' }, { value: 'v', hasViews: true }]));
  assert.deepEqual([acceptedSdkKeys, expiringSdkKeys], [[], [{ value: 'v', expiresAt: 0 }]]);
});

test('8.21: what a list lacks is revoked, whatever was known of it', () => {
  const former = rep(1, 's', expiring('old', 100));
  assert.deepEqual(grace(succeed(former, listed([{ value: 's' }]), 10)), []);
});

for (const [name, members] of [
  ['without the current SDK key', { sdkKeys: [{ value: 'x' }] }],
  ['with an empty key', { sdkKeys: [{ value: 's' }, { value: '' }] }],
  ['with a key that is no header', { sdkKeys: [{ value: 's' }, { value: 'a\nb' }] }],
  ['without the current mobile key', { mobKey: 'm', mobileKeys: [{ value: 'x' }] }],
] as const) {
  test(`8.21: refused: a list ${name}`, () =>
    assert.equal(environmentRep.safeParse({ envID: 'e', sdkKey: { value: 's' }, ...members }).success, false));
}
