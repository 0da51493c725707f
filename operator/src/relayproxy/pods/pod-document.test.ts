import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortHash } from '../resources/hash.ts';
import { documentOf } from './pod-document.ts';

const configMap = (text: string | undefined) => ({
  metadata: { name: 'demo-config-1' },
  ...(text !== undefined && { data: { 'relay.json': text } }),
});

test('the names of the environments, and the hash that a pod reports', () => {
  const text = JSON.stringify({
    server: { port: 80 },
    ops: { port: 81 },
    environments: [{ name: 'a' }, { name: 'b' }],
  });
  assert.deepEqual(documentOf(configMap(text)), {
    configMap: 'demo-config-1',
    hash: shortHash(text),
    source: 'environments',
    environments: new Set(['a', 'b']),
    sdkPort: 80,
    opsPort: 81,
  });
});

test('where a pod has its environments from', () => {
  const source = (document: object) => documentOf(configMap(JSON.stringify(document)))?.source;
  assert.equal(source({ autoConfig: { keyFile: '/k' }, environments: [] }), 'autoConfig');
  assert.equal(source({ offline: { archiveFile: '/a' }, environments: [] }), 'offline');
});

test('nothing is known of a ConfigMap without a document, or with one that somebody broke', () => {
  assert.equal(documentOf(configMap(undefined)), undefined);
  assert.equal(documentOf(configMap('{')), undefined);
});
