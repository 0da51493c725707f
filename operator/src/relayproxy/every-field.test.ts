import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRelayProxy, type RelayProxy } from '@flagrelay/crds';
import { samplesFolder } from '@flagrelay/crds/files';
import { fieldsOf, relayProxySchema, type SchemaNode } from '@flagrelay/crds/json-schema';
import { parseAllDocuments } from 'yaml';
import { childKinds } from './children/children.ts';
import { planOf } from './sizing/plan.ts';
import { testFacts } from './testing/test-relay-proxy.ts';

/** Fields that this test cannot prove by a child, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  'spec.paused': 'reconcile-children.ts: no child is built at all',
  'spec.streaming.rebalance': 'the operator itself acts on it',
  'spec.podTemplate.volumes[].name': 'together with the mounts: resources/pod-template.test.ts',
  'spec.podTemplate.volumeMounts[].name': 'together with the volumes: resources/pod-template.test.ts',
  'spec.store.dynamodb.cachePolicy': 'together with `cacheTTLSeconds`: resources/document.test.ts',
  'spec.store.redis.cachePolicy': 'together with `cacheTTLSeconds`: resources/document.test.ts',
};

type Path = readonly (string | number)[];
type Json = Record<string, unknown>;

const manifests: Json[] = readdirSync(samplesFolder)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(samplesFolder, file), 'utf8')).map((document) => document.toJS()),
  )
  .filter(({ kind }) => kind === 'RelayProxy')
  .map((manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace: 'team', uid: 'u' } }));

/** Every value below `value`, with where it is. */
function* valuesIn(value: unknown, path: Path = []): Generator<{ path: Path; value: unknown }> {
  yield { path, value };
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* valuesIn(item, [...path, index]);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) yield* valuesIn(child, [...path, key]);
  }
}

/** `['environments', 0, 'name']` → `spec.environments[].name` */
const nameOf = (path: Path): string =>
  path.reduce<string>((name, part) => (typeof part === 'number' ? `${name}[]` : `${name}.${part}`), 'spec');

/** Other values that a field might have; undefined is its absence. */
function others(value: unknown, field: SchemaNode): unknown[] {
  if (field.enum) return [undefined, ...field.enum];
  if (field.additionalProperties) return [{ ...(value as Json), memory: '7' }];
  if (field.type === 'boolean') return [true, false];
  if (typeof value === 'number') return [undefined, value + 1, value - 1];
  if (typeof value === 'string') return [undefined, `${value}x`, `x${value}`, `${value}/x`, '7', '7%', '77'];
  if (Array.isArray(value)) return [undefined, ...value.map((item) => [...value, another(item)])];
  return [undefined];
}

/** Another item for a list that has this one. */
function another(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return `${item}x`;
  return 'name' in item ? { ...item, name: `${item.name}x` } : item;
}

/** The manifest with another value at a path; undefined takes the field away. */
function changed(manifest: Json, path: Path, value: unknown): Json {
  const copy = structuredClone(manifest);
  let target = copy.spec as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) {
    target[part] ??= {};
    target = target[part] as Record<string | number, unknown>;
  }
  const last = path.at(-1) ?? '';
  if (value === undefined) delete target[last];
  else target[last] = value;
  return copy;
}

/** What a RelayProxy comes to, as one text; undefined when it is not valid. */
function outcome(manifest: Json): string | undefined {
  const result = parseRelayProxy(manifest);
  if (!result.ok) return undefined;
  const relayProxy: RelayProxy = result.value;
  const plan = planOf(relayProxy);
  const facts = { ...testFacts, replicas: plan.scaling === undefined ? plan.replicas : undefined };
  return JSON.stringify([plan, childKinds.map(({ build }) => build(relayProxy, facts))]);
}

test('every field of the spec changes what is made of it', () => {
  const fields = new Map(
    [...fieldsOf(relayProxySchema().properties!.spec!, 'spec')].map(({ path, field }) => [path, field]),
  );
  const proven = new Set<string>();
  const tryAt = (manifest: Json, before: string, path: Path, value: unknown): void => {
    const name = nameOf(path);
    const field = fields.get(name);
    if (field === undefined || proven.has(name)) return;
    const after = others(value, field).map((other) => outcome(changed(manifest, path, other)));
    if (after.some((text) => text !== undefined && text !== before)) proven.add(name);
  };
  for (const manifest of manifests) {
    const before = outcome(manifest);
    assert.ok(before !== undefined);
    for (const { path, value } of valuesIn(manifest.spec)) tryAt(manifest, before, path, value);
  }
  // What could not be changed where it is set may be set where it is not.
  for (const manifest of manifests) {
    const before = outcome(manifest) ?? '';
    for (const name of fields.keys()) {
      if (!name.includes('[]')) tryAt(manifest, before, name.split('.').slice(1), undefined);
    }
  }
  // A group of fields is proven by any field in it.
  const isProven = (path: string) =>
    proven.has(path) || [...proven].some((other) => other.startsWith(`${path}.`) || other.startsWith(`${path}[]`));
  const missing = [...fields.keys()].filter((path) => !isProven(path));
  assert.deepEqual(missing.sort(), Object.keys(elsewhere).sort());
});
