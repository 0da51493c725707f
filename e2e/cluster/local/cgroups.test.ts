import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupHierarchies } from './cgroups.ts';

test('a hybrid machine counts as v1: the v2 tree beside it has no controllers', () => {
  const mounts = [
    'proc /proc proc rw 0 0',
    'cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0',
    'cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0',
    'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
    '',
  ].join('\n');
  assert.deepEqual(cgroupHierarchies(mounts), {
    version: 1,
    roots: ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/systemd'],
  });
});

test('a v2 machine has one root', () => {
  assert.deepEqual(cgroupHierarchies('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n'), {
    version: 2,
    roots: ['/sys/fs/cgroup'],
  });
});
