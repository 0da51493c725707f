import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnvironmentList, type ListChange, type ListMessage } from './list.ts';
import { readAutoConfigMessage } from './message.ts';

const SETTINGS = { envAllowedOrigins: [], envAllowedHeaders: [] };
const message = (event: string, data: unknown) =>
  readAutoConfigMessage({ event, data: JSON.stringify(data) }) as ListMessage;
const put = (environments: object) => message('put', { path: '/', data: { environments } });
const patch = (environment: { envID: string }) =>
  message('patch', { path: `/environments/${environment.envID}`, data: environment });
const rep = (envID: string, version: number, value: string, expiring?: object) => ({
  envID,
  version,
  sdkKey: { value, expiring },
});
const NOW = 1_000;
const LATER = NOW + 3_600_000;

test('8.2: a known environment that comes in an unusable form keeps its former one, and is told until it is mended', () => {
  const list = createEnvironmentList(SETTINGS);
  list.apply(put({ e1: rep('e1', 1, 'k1'), e2: rep('e2', 1, 'k2') }), NOW);
  list.apply(put({ e1: { envID: 'e1' }, e2: rep('e2', 2, 'k3') }), NOW);
  assert.deepEqual(
    list.definitions().map(({ id, sdkKey }) => [id, sdkKey]),
    [
      ['e1', 'k1'],
      ['e2', 'k3'],
    ],
  );
  assert.deepEqual([...list.refused().keys()], ['e1']);
  list.apply(patch(rep('e1', 2, 'k4')), NOW);
  assert.equal(list.refused().size, 0);
  list.apply(message('patch', { path: '/filters/f', data: { key: 1 } }), NOW);
  assert.deepEqual([...list.refused().keys()], ['filters/f']);
  list.apply(message('delete', { path: '/filters/f', version: 9 }), NOW);
  assert.equal(list.refused().size, 0);
});

test('9.2: keys of earlier rotations stay good over a restart from the cache, whatever the versions', () => {
  const list = createEnvironmentList(SETTINGS);
  list.apply(put({ e1: rep('e1', 5, 'k1') }), NOW);
  list.apply(patch(rep('e1', 6, 'k2', { value: 'k1', timestamp: LATER })), NOW);
  list.apply(patch(rep('e1', 7, 'k3', { value: 'k2', timestamp: LATER })), NOW);
  const restarted = createEnvironmentList(SETTINGS, list.stored().environments);
  restarted.apply(put({ e1: rep('e1', 1, 'k3', { value: 'k2', timestamp: LATER }) }), NOW);
  assert.deepEqual(
    restarted.definitions()[0]?.expiringSdkKeys.map(({ value }) => value),
    ['k2', 'k1'],
  );
});

const filter = (id: string, key: string, version: number, projKey = '') =>
  message('patch', { path: `/filters/${id}`, data: { key, version, projKey } });
const parts = (change: ListChange) =>
  change.kind === 'part' ? { removed: change.removed, changed: change.changed.map(({ id }) => id) } : change.kind;

test('a change of one environment is that and its part behind each filter, however many others there are', () => {
  const list = createEnvironmentList(SETTINGS);
  assert.equal(list.apply(put({ e1: rep('e1', 1, 'k1'), e2: rep('e2', 1, 'k2') }), NOW).kind, 'whole');
  assert.deepEqual(parts(list.apply(filter('f1', 'fa', 1), NOW)), { removed: [], changed: ['e1/fa', 'e2/fa'] });
  assert.deepEqual(parts(list.apply(patch(rep('e1', 2, 'k3')), NOW)), { removed: [], changed: ['e1', 'e1/fa'] });
  assert.deepEqual(parts(list.apply(patch(rep('e1', 2, 'k4')), NOW)), 'stale');
  const moved = { ...rep('e1', 3, 'k3'), projKey: 'other' };
  assert.deepEqual(parts(list.apply(patch(moved), NOW)), { removed: ['e1/fa'], changed: ['e1'] });
  const gone = message('delete', { path: '/environments/e2', version: 9 });
  assert.deepEqual(parts(list.apply(gone, NOW)), { removed: ['e2', 'e2/fa'], changed: [] });
  assert.deepEqual(parts(list.apply(gone, NOW)), 'stale');
  assert.equal(list.size, 1);
});

test('a filter that comes, changes its key or goes adds and removes parts; two of one key are one part', () => {
  const list = createEnvironmentList(SETTINGS);
  list.apply(put({ e1: rep('e1', 1, 'k1') }), NOW);
  list.apply(filter('f1', 'fa', 1), NOW);
  assert.deepEqual(parts(list.apply(filter('f2', 'fa', 1), NOW)), { removed: [], changed: [] });
  assert.deepEqual(
    list.definitions().map(({ id }) => id),
    ['e1', 'e1/fa'],
  );
  assert.deepEqual(parts(list.apply(filter('f1', 'fb', 2), NOW)), { removed: [], changed: ['e1/fb'] });
  assert.deepEqual(parts(list.apply(filter('f2', 'fa', 2, 'other'), NOW)), { removed: ['e1/fa'], changed: [] });
  const gone = message('delete', { path: '/filters/f1', version: 9 });
  assert.deepEqual(parts(list.apply(gone, NOW)), { removed: ['e1/fb'], changed: [] });
});

test('an entry that cannot be used changes nothing but what is told of it', () => {
  const list = createEnvironmentList(SETTINGS);
  list.apply(put({ e1: rep('e1', 1, 'k1') }), NOW);
  assert.equal(parts(list.apply(message('patch', { path: '/environments/e1', data: {} }), NOW)), 'refused');
  assert.deepEqual([...list.refused().keys()], ['e1']);
  assert.equal(list.definitions()[0]?.sdkKey, 'k1');
});
