import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterLayout } from './layout.ts';

const layout = clusterLayout('/cache');

test('three nodes in three zones share nothing but the bridge', () => {
  assert.deepEqual(
    layout.nodes.map(({ name, zone }) => [name, zone]),
    [
      ['node-a', 'zone-a'],
      ['node-b', 'zone-b'],
      ['node-c', 'zone-c'],
    ],
  );
  for (const field of ['address', 'folder', 'runFolder', 'containerdSocket'] as const) {
    assert.equal(new Set(layout.nodes.map((node) => node[field])).size, 3, field);
  }
  assert.equal(new Set(layout.nodes.flatMap(({ podRange }) => podRange)).size, 6);
});

test('sockets are short enough wherever the cache is', () => {
  const deep = clusterLayout(`/${'very-long-folder-name/'.repeat(10)}`);
  for (const { containerdSocket } of deep.nodes) assert.ok(containerdSocket.length < 90, containerdSocket);
});
