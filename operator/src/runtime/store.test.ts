import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { objectKey } from './objects.ts';
import { ObjectStore } from './store.ts';
import { type ConfigMap, configMap } from './testing/fixtures.ts';

const byColour = { colour: (object: ConfigMap) => (object.data?.colour ? [object.data.colour] : []) };
const names = (objects: readonly ConfigMap[]) => objects.map(objectKey).sort();

describe('object store', () => {
  it('tells adds, updates and deletes, and nothing for a version it has', () => {
    const store = new ObjectStore<ConfigMap>();
    assert.equal(store.upsert(configMap('n/a', '1'))?.type, 'added');
    assert.equal(store.upsert(configMap('n/a', '1')), undefined);
    const change = store.upsert(configMap('n/a', '2'));
    assert.equal(change?.type, 'updated');
    assert.equal(change?.type === 'updated' && change.old.metadata?.resourceVersion, '1');
    assert.equal(store.remove(configMap('n/a', '3'))?.object.metadata?.resourceVersion, '3');
    assert.equal(store.remove(configMap('n/a', '3')), undefined);
    assert.equal(store.size, 0);
  });

  it('finds by index, follows changes, and keeps no empty bucket', () => {
    const store = new ObjectStore<ConfigMap>(byColour);
    store.upsert(configMap('n/a', '1', { colour: 'red' }));
    store.upsert(configMap('n/b', '2', { colour: 'red' }));
    assert.deepEqual(names(store.byIndex('colour', 'red')), ['n/a', 'n/b']);
    store.upsert(configMap('n/a', '3', { colour: 'blue' }));
    assert.deepEqual(names(store.byIndex('colour', 'red')), ['n/b']);
    assert.deepEqual(names(store.byIndex('colour', '__proto__')), []);
    assert.throws(() => store.byIndex('size', '1'), /index "size" must be one of: colour/);
  });

  it('swaps its whole content before it tells what changed', () => {
    const store = new ObjectStore<ConfigMap>();
    store.upsert(configMap('n/gone', '1'));
    store.upsert(configMap('n/same', '2'));
    store.upsert(configMap('n/new-version', '3'));
    const changes = store.replace(
      [configMap('n/same', '2'), configMap('n/new-version', '9'), configMap('m/new', '4')],
      undefined,
      false,
    );
    assert.deepEqual(
      changes.map(({ type, object }) => [type, objectKey(object)]),
      [
        ['updated', 'n/new-version'],
        ['added', 'm/new'],
        ['deleted', 'n/gone'],
      ],
    );
    assert.deepEqual(names(store.list('n')), ['n/new-version', 'n/same']);
  });

  it('replaces one namespace without touching others', () => {
    const store = new ObjectStore<ConfigMap>();
    store.upsert(configMap('n/a', '1'));
    store.upsert(configMap('m/b', '2'));
    store.replace([], 'n', false);
    assert.deepEqual(names(store.list()), ['m/b']);
  });

  it('tells an object that was deleted and made again under the same version number as updated', () => {
    const store = new ObjectStore<ConfigMap>();
    store.upsert(configMap('n/a', '1'));
    const again = configMap('n/a', '1');
    assert.equal(store.upsert({ ...again, metadata: { ...again.metadata, uid: 'other' } })?.type, 'updated');
  });

  it('has indexes equal to a full scan after any sequence of changes', () => {
    const object = fc.record({
      key: fc.constantFrom('n/a', 'n/b', 'm/a', 'm/b'),
      colour: fc.constantFrom('red', 'blue', undefined),
      act: fc.constantFrom('upsert', 'remove', 'replace'),
    });
    fc.assert(
      fc.property(fc.array(object, { maxLength: 30 }), (steps) => {
        const store = new ObjectStore<ConfigMap>(byColour);
        for (const [version, { key, colour, act }] of steps.entries()) {
          const item = configMap(key, String(version), colour ? { colour } : undefined);
          if (act === 'upsert') store.upsert(item);
          else if (act === 'remove') store.remove(item);
          else store.replace([item], undefined, false);
          for (const value of ['red', 'blue']) {
            const scan = store.list().filter((found) => found.data?.colour === value);
            assert.deepEqual(names(store.byIndex('colour', value)), names(scan));
          }
          assert.deepEqual(names([...store.list('n'), ...store.list('m')]), names(store.list()));
        }
      }),
    );
  });
});
