import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { differencesOf, holdersOf } from './differences.ts';

type Json = Record<string, unknown>;

/** A live object whose record says that `fields` are ours, and who holds what else. */
function live(content: Json, fields: Json, others: Json[] = []): KubernetesObject {
  const own = { manager: 'flagrelay-operator', operation: 'Apply', fieldsV1: fields };
  return { metadata: { name: 'a', managedFields: [own, ...others] }, ...content };
}

const differences = (desired: Json, actual: object) => differencesOf(desired as KubernetesObject, actual);
const paths = (desired: Json, actual: object) => differences(desired, actual).map(({ path }) => path);

const service = { spec: { selector: { app: 'relay' }, type: 'ClusterIP' } };
const serviceFields = { 'f:spec': { 'f:selector': {}, 'f:type': {} } };

test('an object that has all of ours, and more of others, does not differ', () => {
  const actual = { spec: { ...service.spec, clusterIP: '10.0.0.1', externalIPs: ['1.2.3.4'] } };
  assert.deepEqual(paths(service, live(actual, serviceFields)), []);
});

test('a selector is compared as a whole', () => {
  const selecting = (selector: unknown) => live({ spec: { ...service.spec, selector } }, serviceFields);
  assert.deepEqual(paths(service, selecting({ app: 'relay', extra: 'x' })), ['spec.selector.extra']);
  assert.deepEqual(paths(service, selecting({ app: 'other' })), ['spec.selector.app']);
  assert.deepEqual(paths(service, selecting({})), ['spec.selector.app']);
  assert.deepEqual(paths(service, selecting(undefined)), ['spec.selector']);
  const policy = { spec: { podSelector: { matchLabels: { app: 'relay' } } } };
  const expression = { key: 'x', operator: 'Exists' };
  const narrowed = { spec: { podSelector: { matchLabels: { app: 'relay' }, matchExpressions: [expression] } } };
  const fields = { 'f:spec': { 'f:podSelector': {} } };
  assert.deepEqual(paths(policy, live(narrowed, fields)), ['spec.podSelector.matchExpressions']);
  const all = { spec: { podSelector: {} } };
  assert.deepEqual(paths(all, live(policy, fields)), ['spec.podSelector.matchLabels']);
  assert.deepEqual(paths(all, live({ spec: { podSelector: {} } }, fields)), []);
});

test('a field that another manager has taken differs, though its value is the same', () => {
  const record = { manager: 'kubectl-patch', operation: 'Update', fieldsV1: { 'f:spec': { 'f:selector': {} } } };
  const actual = live(service, { 'f:spec': { 'f:type': {} } }, [record]);
  const [difference] = differences(service, actual);
  assert.deepEqual(difference, { path: 'spec.selector', steps: ['f:spec', 'f:selector'] });
  assert.deepEqual(holdersOf(difference!, actual), ['kubectl-patch']);
});

test('a list that is ours as a whole must be as long; what the API server fills into its items is no difference', () => {
  const desired = { spec: { ingress: [{ ports: [{ port: 8030 }] }] } };
  const fields = { 'f:spec': { 'f:ingress': {} } };
  const filled = { ports: [{ port: 8030, protocol: 'TCP' }] };
  assert.deepEqual(paths(desired, live({ spec: { ingress: [filled] } }, fields)), []);
  assert.deepEqual(paths(desired, live({ spec: { ingress: [filled, {}] } }, fields)), ['spec.ingress']);
  assert.deepEqual(paths(desired, live({ spec: { ingress: [{ ports: [{ port: 1 }] }] } }, fields)), [
    'spec.ingress[0].ports[0].port',
  ]);
});

test('items of a keyed list are found by their keys, defaults included; those of others are left alone', () => {
  const desired = { spec: { ports: [{ port: 8030, name: 'http' }], containers: [{ name: 'relay', image: 'a' }] } };
  const fields = {
    'f:spec': {
      'f:ports': { 'k:{"port":8030,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } },
      'f:containers': { 'k:{"name":"relay"}': { '.': {}, 'f:name': {}, 'f:image': {} } },
    },
  };
  const port = { port: 8030, name: 'http', protocol: 'TCP' };
  const containers = [
    { name: 'sidecar', image: 'b' },
    { name: 'relay', image: 'a' },
  ];
  const spec = { ports: [{ port: 9, protocol: 'UDP' }, port], containers };
  assert.deepEqual(paths(desired, live({ spec }, fields)), []);
  const other = { ...spec, containers: [{ name: 'relay', image: 'c' }] };
  assert.deepEqual(paths(desired, live({ spec: other }, fields)), ['spec.containers[relay].image']);
  assert.deepEqual(paths(desired, live({ spec: { ...spec, ports: [] } }, fields)), ['spec.ports[8030/TCP]']);
});

test('items of a set must be there and ours', () => {
  const desired = { metadata: { finalizers: ['a'] } };
  const fields = { 'f:metadata': { 'f:finalizers': { 'v:"a"': {} } } };
  const having = (finalizers: string[], held: Json) =>
    paths(desired, { metadata: { finalizers, managedFields: live({}, held).metadata!.managedFields! } });
  assert.deepEqual(having(['b', 'a'], fields), []);
  assert.deepEqual(having(['b'], fields), ['metadata.finalizers[a]']);
  assert.deepEqual(having(['a'], { 'f:metadata': { 'f:finalizers': { 'v:"b"': {} } } }), ['metadata.finalizers[0]']);
});

test('the same value in other words is no difference: quantities, and empty values that are left out', () => {
  const desired = { spec: { cpu: '0.5', memory: 1, readOnly: false, emptyDir: {}, note: '' } };
  const held = Object.fromEntries(Object.keys(desired.spec).map((key) => [`f:${key}`, {}]));
  assert.deepEqual(paths(desired, live({ spec: { cpu: '500m', memory: '1' } }, { 'f:spec': held })), []);
  const doubled = live({ spec: { cpu: '1', memory: '1' } }, { 'f:spec': held });
  assert.deepEqual(paths(desired, doubled), ['spec.cpu']);
});

test('an object that we never applied, or whose record was taken away, differs', () => {
  const foreign = { manager: 'before-first-apply', operation: 'Update', fieldsV1: { 'f:spec': {} } };
  assert.deepEqual(paths(service, { metadata: { managedFields: [foreign] }, ...service }), ['metadata.managedFields']);
  assert.deepEqual(paths(service, { spec: { type: 'ClusterIP', selector: { app: 'relay', extra: 'x' } } }), [
    'spec.selector.extra',
  ]);
});

test('names of holders are those of the field, of what it is in, or of a part of it', () => {
  const record = (manager: string, fieldsV1: Json) => ({ manager, operation: 'Update', fieldsV1 });
  const actual = live({}, {}, [
    record('field', { 'f:spec': { 'f:a': {} } }),
    record('part', { 'f:spec': { 'f:a': { 'f:b': {} } } }),
    record('other', { 'f:spec': { 'f:c': {} } }),
    record('deeper', { 'f:spec': { 'f:x': {} } }),
  ]);
  assert.deepEqual(holdersOf({ path: '', steps: ['f:spec', 'f:a'] }, actual), ['field', 'part']);
  assert.deepEqual(holdersOf({ path: '', steps: ['f:spec', 'f:x', 'f:y'] }, actual), ['deeper']);
});

// Any object, the record that the API server keeps of an apply of it, and one change.

const word = fc.stringMatching(/^[a-z]{1,6}$/);
const leaf = fc.oneof(word, fc.integer({ min: 1, max: 9 }), fc.constant(true));
const tree = fc.letrec<{ node: unknown; map: Json }>((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(leaf, { minLength: 1, maxLength: 3 }), tie('map')),
  map: fc.dictionary(word, tie('node'), { minKeys: 1, maxKeys: 4 }),
})).map;

/** The record of an apply to a kind in which lists are atomic and maps are not. */
function recordOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [`f:${key}`, recordOf(item)]));
}

function* leaves(value: Json, path: string[] = []): Generator<string[]> {
  for (const [key, item] of Object.entries(value)) {
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) yield* leaves(item as Json, [...path, key]);
    else yield [...path, key];
  }
}

/** A copy in which the item at the path is another, or not there. */
function changed(value: Json, [key = '', ...rest]: string[], to: unknown): Json {
  if (rest.length > 0) return { ...value, [key]: changed(value[key] as Json, rest, to) };
  const { [key]: _old, ...others } = value;
  return to === undefined ? others : { ...others, [key]: to };
}

test('any change of any field of ours is found where it is; anything that others add beside them is not', () => {
  fc.assert(
    fc.property(tree, fc.nat(), fc.constantFrom('other', undefined, 'taken'), word, (spec, pick, to, extra) => {
      const desired = { spec };
      const fields = { 'f:spec': recordOf(spec) };
      const addTo = (value: Json): Json =>
        Object.fromEntries([
          ...Object.entries(value).map(([key, item]) => [
            key,
            typeof item === 'object' && item !== null && !Array.isArray(item) ? addTo(item as Json) : item,
          ]),
          [`${extra}-of-others`, { any: [1] }],
        ]);
      assert.deepEqual(paths(desired, live({ spec }, fields)), []);
      assert.deepEqual(paths(desired, live({ spec: addTo(spec) }, fields)), []);
      const all = [...leaves(spec)];
      const path = all[pick % all.length]!;
      const actual =
        to === 'taken'
          ? live({ spec }, without(recordOf({ spec }), ['spec', ...path]) ?? { 'f:other': {} })
          : live({ spec: changed(addTo(spec), path, to) }, fields);
      const [first, ...others] = paths(desired, actual);
      // Where all fields of a map are taken, the API server drops the map from the record as well.
      if (to === 'taken') assert.ok(['spec', ...path].join('.').startsWith(first!), first);
      else assert.equal(first, ['spec', ...path].join('.'));
      assert.deepEqual(others, []);
    }),
  );
});

/** The record without a field, and without what is then empty. */
function without(record: Json, [key = '', ...rest]: string[]): Json | undefined {
  const { [`f:${key}`]: item, ...others } = record;
  const left = rest.length === 0 ? undefined : without(item as Json, rest);
  const result = left === undefined ? others : { ...others, [`f:${key}`]: left };
  return Object.keys(result).length === 0 ? undefined : result;
}
