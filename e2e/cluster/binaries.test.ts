import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isVersion } from './binaries.ts';
import { versions } from './versions.ts';

const modules = {
  kubernetes: 'k8s.io/kubernetes',
  etcd: 'go.etcd.io/etcd/server/v3',
  coredns: 'github.com/coredns/coredns',
  helm: 'helm.sh/helm/v4',
  helm3: 'helm.sh/helm/v3',
  kwok: 'sigs.k8s.io/kwok',
};

test('each go.mod builds the version that the cache folder is named after', () => {
  for (const [set, version] of Object.entries(versions)) {
    const goMod = readFileSync(join(import.meta.dirname, 'tools', set, 'go.mod'), 'utf8');
    const required = goMod.split('\n').find((line) => line.includes(`${modules[set as keyof typeof modules]} v`));
    assert.match(required ?? '', new RegExp(`${version.replaceAll('.', '\\.')}( |$)`), set);
  }
});

test('a version is the same up to the minor number', () => {
  assert.equal(isVersion('Kubernetes v1.36.0', 'v1.36.3'), true);
  assert.equal(isVersion('Client Version: v1.32.4-dispatcher', 'v1.36.3'), false);
  assert.equal(isVersion('CoreDNS-1.15.2\nlinux/amd64', 'v1.15.0'), true);
  assert.equal(isVersion('etcd Version: 13.6.8', 'v3.6.8'), false);
});
