import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRelayProxy, type RelayProxy } from '@flagrelay/crds';
import { relayProxySchema } from '@flagrelay/crds/json-schema';
import { parseAllDocuments } from 'yaml';
import { testFacts } from '../testing/test-relay-proxy.ts';
import { documentText } from './config-map.ts';
import { buildDeployment } from './deployment.ts';
import { templateHashAnnotation } from './names.ts';

/**
 * Which fields of the spec replace pods when they change, and which are taken up by running ones: every field of every
 * sample is changed once, and what the operator would apply is looked at. The README's table is this list.
 */

const root = join(import.meta.dirname, '../../../..');
const readme = readFileSync(join(root, 'operator/README.md'), 'utf8');

function load(file: string): Sample[] {
  return parseAllDocuments(readFileSync(join(root, 'crds/samples', file), 'utf8'))
    .map((document) => document.toJS() as Sample & { kind: string })
    .filter(({ kind }) => kind === 'RelayProxy');
}

/** What to change a value to (the first that is another one) where adding 1, a letter or a negation makes no valid other one. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  'spec.imagePullPolicy': ['Always', 'IfNotPresent'],
  'spec.zones.policy': ['Required', 'Preferred'],
  'spec.disruptionBudget.maxUnavailable': ['35%'],
  'spec.environments.logLevel': ['debug', 'info'],
  'spec.capacity.concurrentConnections': [100],
  'spec.autoConfig.envDatastorePrefix': ['other-$CID'],
  'spec.store.redis.url': ['redis://other:6379/0'],
  'spec.upstream.onInitTimeout': ['Exit', 'Continue'],
  'spec.tls.minVersion': ['1.3', '1.2'],
  'spec.service.type': ['NodePort', 'ClusterIP'],
  'spec.service.trafficDistribution': ['PreferSameZone', 'PreferClose'],
  'spec.logLevel': ['warn', 'info'],
  'spec.resources': [{ requests: { cpu: '200m' } }],
  'spec.rollout.maxSurge': ['50%', '34%'],
  'spec.service.externalTrafficPolicy': ['Local', 'Cluster'],
  'spec.service.ipFamilyPolicy': ['PreferDualStack', 'SingleStack'],
  'spec.podTemplate.dnsPolicy': ['Default', 'ClusterFirst'],
  'spec.httpRoute.parentRefs': [[{ name: 'another' }]],
  'spec.httpRoute.timeouts': ['GatewayDefault', 'Disabled'],
  'spec.mode': ['Proxy', 'Daemon'],
};

/** Fields that no sample has, or that cannot change alone in any. */
const more: readonly Sample[] = [
  { metrics: { enabled: true }, resources: { requests: { cpu: '100m' } } },
  { capacity: { concurrentConnections: 60_000 } },
  { podTemplate: { volumes: [{ name: 'unused', emptyDir: {} }] } },
  { store: { redis: { url: 'redis://r:6379', cachePolicy: 'TTL', cacheTTLSeconds: 30 } } },
].map((spec) => ({ ...load('minimal.yaml')[0], spec: { ...load('minimal.yaml')[0]?.spec, ...spec } }) as Sample);

/** Parts that are handed on as they are, and maps: looked at as a whole. */
const whole = [
  /^spec\.podTemplate\.\w+$/,
  /^spec\.(resources|imagePullSecrets)$/,
  /^spec\.networkPolicy\.(allowFrom|metricsFrom)$/,
  /^spec\.(commonLabels|commonAnnotations)$/,
  /^spec\.autoscaling\.behavior$/,
  /^spec\.(httpRoute|ingress)\.\w+$/,
  /^spec\.offline\.image$/,
  /\.annotations$/,
  /\.labels$/,
  /Ref$/,
  /^spec\.offline\.(configMapRef|secretRef|persistentVolumeClaim)$/,
  /^spec\.zones\.names$/,
  /^spec\.environments\.(allowedOrigins|allowedHeaders|data)$/,
  /^spec\.autoConfig\.allowedOrigins$/,
];

/** Fields that change only together with another one, which is listed. */
const together: ReadonlySet<string> = new Set(['spec.store.redis.cachePolicy', 'spec.store.dynamodb.cachePolicy']);

type Effect = 'new pods' | 'reload' | 'no pod';

interface Sample {
  readonly metadata: object;
  readonly spec: Record<string, unknown>;
}

const samples = readdirSync(join(root, 'crds/samples'))
  .filter((file) => file.endsWith('.yaml'))
  .flatMap(load)
  .concat(more);

function parsedOrThrow(sample: object, what: string): RelayProxy {
  const result = parseRelayProxy(sample);
  assert.ok(result.ok, `${what}: ${JSON.stringify(result.ok ? '' : result.problems)}`);
  const { value } = result;
  return { ...value, metadata: { ...value.metadata, namespace: 'team', uid: 'uid', generation: 1 } };
}

function effectOf(before: RelayProxy, after: RelayProxy): Effect {
  const templateOf = (one: RelayProxy) =>
    buildDeployment(one, testFacts).metadata.annotations?.[templateHashAnnotation];
  if (templateOf(before) !== templateOf(after)) return 'new pods';
  return documentText(before) === documentText(after) ? 'no pod' : 'reload';
}

/** Other values of a field, the first that makes a valid spec counts. */
function changes(path: string, value: unknown): readonly unknown[] {
  if (Object.hasOwn(others, path)) return (others[path] ?? []).filter((other) => other !== value);
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1, value - 1];
  if (typeof value === 'string') return [/^https?:/.test(value) ? `${value}/other` : `${value}x`];
  if (Array.isArray(value)) return value.length > 1 ? [value.slice(1)] : [undefined];
  return [otherObject(value as Record<string, unknown>), undefined];
}

function otherObject(value: Record<string, unknown>): unknown {
  const [key, first] = Object.entries(value)[0] ?? [];
  if (key === undefined) return { other: 'x' };
  if (typeof first === 'string') return { ...value, [key]: `${first}x` };
  return typeof first === 'object' && first !== null ? { ...value, [key]: changes('', first)[0] } : undefined;
}

/** Calls back for each field below `value`, with how to change it in place. */
function visit(
  value: unknown,
  path: string,
  each: (path: string, set: (value: unknown) => void, value: unknown) => void,
) {
  for (const [key, item] of Object.entries(value as object)) {
    const at = Array.isArray(value) ? path : `${path}.${key}`;
    const leaf =
      typeof item !== 'object' || item === null || (!Array.isArray(value) && whole.some((one) => one.test(at)));
    if (leaf) each(at, (next) => Reflect.set(value as object, key, next), item);
    else visit(item, at, each);
  }
}

/** The sample with its field number `index` changed: valid ones only, one at most. */
function variants(sample: Sample, index: number): RelayProxy[] {
  const options: unknown[] = [];
  let at = 0;
  visit(sample.spec, 'spec', (path, _set, value) => {
    if (at++ === index) options.push(...changes(path, value));
  });
  for (const option of options) {
    const copy = structuredClone(sample);
    at = 0;
    visit(copy.spec, 'spec', (_path, set) => {
      if (at++ === index) set(option);
    });
    if (parseRelayProxy(copy).ok) return [parsedOrThrow(copy, 'a variant')];
  }
  return [];
}

function effects(): Map<string, Effect> {
  const found = new Map<string, Effect>();
  for (const sample of samples) {
    const before = parsedOrThrow(sample, 'a sample');
    const fields: string[] = [];
    visit(sample.spec, 'spec', (path) => fields.push(path));
    for (const [index, field] of fields.entries()) {
      if (found.get(field) === 'new pods' || together.has(field)) continue;
      for (const after of variants(sample, index)) {
        const effect = effectOf(before, after);
        if (effect !== 'no pod' || !found.has(field)) found.set(field, effect);
      }
    }
  }
  return found;
}

const found = effects();

function listed(effect: Effect): string[] {
  const line = readme.split('\n').find((text) => text.startsWith(`| **${effect}** `)) ?? '';
  return [...line.matchAll(/`([a-zA-Z.]+)`/g)].map(([, name]) => name as string).sort();
}

for (const effect of ['new pods', 'reload', 'no pod'] as const) {
  test(`the README lists the fields whose change means: ${effect}`, () => {
    const names = [...found].filter(([, value]) => value === effect).map(([path]) => path.slice('spec.'.length));
    const cells = names.sort().map((name) => `\`${name}\``);
    assert.deepEqual(listed(effect), names.sort(), `the line should list ${cells.join(', ')}`);
  });
}

test('no field of the spec is left out', () => {
  const missing: string[] = [];
  const walk = (schema: { properties?: object; items?: object }, path: string): void => {
    const items = (schema.items ?? schema) as { properties?: Record<string, object> };
    const children = Object.entries(items.properties ?? {});
    if (children.length === 0 || whole.some((one) => one.test(path))) {
      if (!found.has(path) && !together.has(path)) missing.push(path);
      return;
    }
    for (const [name, child] of children) walk(child, `${path}.${name}`);
  };
  walk(relayProxySchema().properties?.spec as object, 'spec');
  assert.deepEqual(missing, []);
});
