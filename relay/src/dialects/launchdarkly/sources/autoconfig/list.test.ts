import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnvironmentList, type ListMessage } from './list.ts';
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
