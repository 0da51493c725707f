import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAutoConfigMessage } from './message.ts';

const read = (event: string, data: unknown) => readAutoConfigMessage({ event, data: JSON.stringify(data) });
const rep = (envId: string, more: object = {}) => ({ envId, sdkKey: { value: `sdk-${envId}` }, version: 1, ...more });
/** Names of the good ones, and reasons of the others. */
const summary = ({ good, refused }: { good: ReadonlyMap<string, unknown>; refused: ReadonlyMap<string, string> }) => [
  [...good.keys()],
  Object.fromEntries(refused),
];

test('8.2: one bad environment and one bad filter never refuse the list; no key is told', () => {
  const message = read('put', {
    Path: '/',
    DATA: {
      Environments: {
        e1: rep('e1'),
        e2: rep('e2', { sdkKey: 'sdk-secret' }),
        e3: null,
        e4: rep('e5'),
        e6: rep('e6', { secureMode: 'yes' }),
      },
      filters: { f1: { PROJKEY: 'p', Key: 'a', version: null }, f2: { projKey: 'p' }, f3: 7 },
      widgets: [],
    },
  });
  assert.ok(message.kind === 'put');
  const [good, refused] = summary(message.environments);
  assert.deepEqual(good, ['e1']);
  assert.deepEqual(Object.keys(refused as object), ['e2', 'e3', 'e4', 'e6']);
  assert.doesNotMatch(JSON.stringify(refused), /secret|yes/);
  assert.deepEqual(message.filters.good.get('f1'), { projKey: 'p', key: 'a', version: 0 });
  assert.deepEqual([...message.filters.refused.keys()], ['f2', 'f3']);
});

const WHOLE_LISTS: readonly (readonly [name: string, data: object, environments: readonly string[]])[] = [
  ['no filters', { path: '/', data: { environments: { e: rep('e') } } }, ['e']],
  ['filters null', { path: '/', data: { environments: { e: rep('e') }, filters: null } }, ['e']],
  ['no path', { data: { environments: { e: rep('e') } } }, ['e']],
  ['environments null', { path: '/', data: { environments: null } }, []],
];
for (const [name, data, environments] of WHOLE_LISTS) {
  test(`8.1: a put with ${name}`, () => {
    const message = read('put', data);
    assert.ok(message.kind === 'put');
    assert.deepEqual([...message.environments.good.keys()], environments);
  });
}

for (const data of [null, [], { path: '/' }, { path: '/', data: null }, { path: '/', data: { environments: [] } }]) {
  test(`8.2: a put that is none: ${JSON.stringify(data)}`, () => assert.throws(() => read('put', data)));
}

test('8.2: a patch that cannot be used names its entry; a misfiled one is passed over', () => {
  const bad = read('patch', { path: '/environments/e1', data: { envId: 'e1', sdkKey: 'sdk-secret' } });
  assert.ok(bad.kind === 'refused');
  assert.deepEqual([bad.what, bad.id], ['environments', 'e1']);
  assert.doesNotMatch(bad.reason, /secret/);
  assert.equal(read('patch', { path: '/filters/f', data: {} }).kind, 'refused');
  assert.equal(read('patch', { path: '/environments/e1', data: rep('e2') }).kind, 'ignored');
  assert.equal(read('patch', { PATH: '/environments/e1', Data: rep('e1') }).kind, 'environment');
});

test('8.1: a delete without a version is one of version 0', () => {
  assert.deepEqual(read('delete', { path: '/environments/e1', version: null }), {
    kind: 'remove',
    what: 'environments',
    id: 'e1',
    version: 0,
  });
});
