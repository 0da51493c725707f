import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountPointsBelow } from './mounts.ts';

const mountinfo = [
  '22 27 0:21 / /proc rw,relatime - proc proc rw',
  '30 27 0:30 / /cache/cluster/node-a/kubelet/pods/1/volumes/token rw - tmpfs tmpfs rw',
  '31 27 0:31 / /cache/cluster-other rw - tmpfs tmpfs rw',
  '32 30 0:32 / /cache/cluster/node-a/kubelet/pods/1/volumes/token/with\\040space rw - tmpfs tmpfs rw',
  '',
].join('\n');

test('finds mounts below a folder, innermost first, and none of its neighbours', () => {
  assert.deepEqual(mountPointsBelow(mountinfo, '/cache/cluster'), [
    '/cache/cluster/node-a/kubelet/pods/1/volumes/token/with space',
    '/cache/cluster/node-a/kubelet/pods/1/volumes/token',
  ]);
});
