import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '@flagrelay/kube/api-error';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { objectKey, type ResourceType } from './objects.ts';
import { createOptionalInformer } from './optional-informer.ts';
import { type ConfigMap, configMap, configMaps, recordingLogger, testMetrics } from './testing/fixtures.ts';
import { createScriptedClient } from './testing/scripted-watch.ts';

const noSuchKind = new ApiError({ code: 404, reason: 'NotFound', message: 'no such kind', request: 'GET /apis' });

function setUp(lists: Parameters<typeof createScriptedClient<ConfigMap>>[0]) {
  const clock = createFakeClock();
  let served: boolean | undefined;
  const handlers = new Set<(type: ResourceType) => void>();
  const discovery = {
    serves: () => served,
    onChange(handler: (type: ResourceType) => void) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
  let filled = 0;
  const { client, asked } = createScriptedClient<ConfigMap>(lists, [{}]);
  const informer = createOptionalInformer<ConfigMap>({
    client,
    type: configMaps,
    streamingList: false,
    discovery,
    clock,
    logger: recordingLogger(),
    metrics: testMetrics(),
    indexes: { all: () => ['x'] },
    onFilled: () => (filled += 1),
  });
  const seen: string[] = [];
  informer.onChange(({ type, object }) => seen.push(`${type} ${objectKey(object)}`));
  const stop = new AbortController();
  const running = informer.run(stop.signal);
  return {
    informer,
    asked,
    seen,
    filled: () => filled,
    async turn(now: boolean) {
      served = now;
      for (const handler of handlers) handler(configMaps);
      await settle();
    },
    async end() {
      stop.abort();
      await settle();
      await running;
      assert.equal(clock.pending, 0, 'a timer was left');
      assert.equal(handlers.size, 0, 'a handler was left');
    },
  };
}

const list = (...items: ConfigMap[]) => ({ items, resourceVersion: '9' });

describe('optional informer', () => {
  it('asks for nothing while the kind is not there, and is synced once that is known', async () => {
    const { informer, asked, turn, end } = setUp([list()]);
    assert.equal(informer.hasSynced(), false);
    const synced = informer.waitForSync(AbortSignal.timeout(5000));
    await turn(false);
    await synced;
    assert.equal(informer.hasSynced(), true);
    assert.deepEqual(informer.store.byIndex('all', 'x'), []);
    assert.equal(asked.lists.length, 0);
    await end();
  });

  it('fills when the kind comes and tells of each object as deleted when it goes', async () => {
    const lists = [list(configMap('n/a', '1')), list(configMap('n/b', '2'))];
    const { informer, asked, seen, filled, turn, end } = setUp(lists);
    await turn(true);
    assert.equal(filled(), 1);
    assert.equal(informer.store.size, 1);
    await turn(false);
    assert.equal(informer.store.size, 0);
    assert.equal(asked.watches[0]?.signal.aborted, true, 'the watch ends');
    await turn(true);
    assert.deepEqual(informer.store.list().map(objectKey), ['n/b']);
    assert.deepEqual(seen, ['added n/a', 'deleted n/a', 'added n/b']);
    assert.equal(filled(), 2);
    await end();
  });

  it('does not keep a process from starting when the kind is there but cannot be listed', async () => {
    const { informer, turn, end } = setUp([noSuchKind]);
    await turn(true);
    await informer.waitForSync(AbortSignal.timeout(5000));
    await end();
  });

  it('gives up waiting with the signal', async () => {
    const { informer, end } = setUp([list()]);
    const stop = new AbortController();
    const waiting = informer.waitForSync(stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    await end();
  });
});
