import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEnvironmentList } from './list.ts';
import { readAutoConfigMessage } from './message.ts';

const SETTINGS = { envAllowedOrigins: [], envAllowedHeaders: [] };
const message = (event: string, data: unknown) => readAutoConfigMessage({ event, data: JSON.stringify(data) });
const put = (environments: object) => message('put', { path: '/', data: { environments } });
const patch = (environment: { envID: string }) =>
  message('patch', { path: `/environments/${environment.envID}`, data: environment });
const rep = (envID: string, version: number, value: string, expiring?: object) => ({
  envID,
  version,
  sdkKey: { value, expiring },
});
const LATER = Date.now() + 3_600_000;

test('8.2: a known environment that comes in an unusable form keeps its former one, and is told until it is mended', () => {
  const list = createEnvironmentList();
  list.apply(put({ e1: rep('e1', 1, 'k1'), e2: rep('e2', 1, 'k2') }));
  list.apply(put({ e1: { envID: 'e1' }, e2: rep('e2', 2, 'k3') }));
  assert.deepEqual(
    list.definitions(SETTINGS).map(({ id, sdkKey }) => [id, sdkKey]),
    [
      ['e1', 'k1'],
      ['e2', 'k3'],
    ],
  );
  assert.deepEqual([...list.refused().keys()], ['e1']);
  list.apply(patch(rep('e1', 2, 'k4')));
  assert.equal(list.refused().size, 0);
  list.apply(message('patch', { path: '/filters/f', data: { key: 1 } }));
  assert.deepEqual([...list.refused().keys()], ['filters/f']);
  list.apply(message('delete', { path: '/filters/f', version: 9 }));
  assert.equal(list.refused().size, 0);
});

test('9.2: keys of earlier rotations stay good over a restart from the cache, whatever the versions', () => {
  const list = createEnvironmentList();
  list.apply(put({ e1: rep('e1', 5, 'k1') }));
  list.apply(patch(rep('e1', 6, 'k2', { value: 'k1', timestamp: LATER })));
  list.apply(patch(rep('e1', 7, 'k3', { value: 'k2', timestamp: LATER })));
  const restarted = createEnvironmentList(list.stored().environments);
  restarted.apply(put({ e1: rep('e1', 1, 'k3', { value: 'k2', timestamp: LATER }) }));
  assert.deepEqual(
    restarted.definitions(SETTINGS)[0]?.expiringSdkKeys.map(({ value }) => value),
    ['k2', 'k1'],
  );
});
