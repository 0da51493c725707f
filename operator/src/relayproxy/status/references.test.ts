import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayProxySpecManifest } from '@flagrelay/crds';
import { ObjectStore } from '../../runtime/store.ts';
import type { Claim, ConfigMap } from '../resources/kubernetes-types.ts';
import { production, testRelayProxy } from '../testing/test-relay-proxy.ts';
import { missingReferences, referenceVersions } from './references.ts';

function configMap(name: string, keys: string[], resourceVersion = '1'): ConfigMap {
  const data = Object.fromEntries(keys.map((key) => [key, '']));
  return { metadata: { name, namespace: 'team', resourceVersion }, data };
}

function stores(configMaps: ConfigMap[], claims: Claim[] = []) {
  const result = { configMaps: new ObjectStore<ConfigMap>(), claims: new ObjectStore<Claim>() };
  result.configMaps.replace(configMaps, undefined, true);
  result.claims.replace(claims, undefined, true);
  return result;
}

const fromFile: RelayProxySpecManifest = {
  environments: [{ ...production, data: { configMapKeyRef: { name: 'flags', key: 'flags.json' } } }],
};
const claim: RelayProxySpecManifest = { offline: { persistentVolumeClaim: { claimName: 'archive' } } };
const archive: RelayProxySpecManifest = { offline: { configMapRef: { name: 'flags' } } };

const cases: [spec: RelayProxySpecManifest, found: ReturnType<typeof stores>, missing: string[]][] = [
  [{}, stores([]), []],
  [fromFile, stores([]), ['ConfigMapNotFound ConfigMap "flags"']],
  [fromFile, stores([configMap('flags', ['other'])]), ['KeyNotFound key "flags.json" of ConfigMap "flags"']],
  [fromFile, stores([configMap('flags', ['flags.json'])]), []],
  [archive, stores([configMap('flags', ['x'])]), ['KeyNotFound key "flags.tar.gz" of ConfigMap "flags"']],
  [claim, stores([]), ['ClaimNotFound PersistentVolumeClaim "archive"']],
  [claim, stores([], [{ metadata: { name: 'archive', namespace: 'team' } }]), []],
  [
    claim,
    stores([], [{ metadata: { name: 'archive', namespace: 'other' } }]),
    ['ClaimNotFound PersistentVolumeClaim "archive"'],
  ],
];

test('what the spec refers to and is not there', () => {
  for (const [spec, found, missing] of cases) {
    const actual = missingReferences(testRelayProxy(spec), found).map(({ reason, what }) => `${reason} ${what}`);
    assert.deepEqual(actual, missing);
  }
});

test('the versions change with each ConfigMap that is mounted, and when one appears', () => {
  const versions = (...items: ConfigMap[]) => referenceVersions(testRelayProxy(fromFile), stores(items).configMaps);
  assert.deepEqual(versions(), ['flags@none']);
  assert.deepEqual(versions(configMap('flags', [], '7'), configMap('other', [], '8')), ['flags@7']);
});
