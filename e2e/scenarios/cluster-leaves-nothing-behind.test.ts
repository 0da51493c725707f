import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cluster } from '../cluster/select.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { run } from '../machine/run.ts';

const script = join(repositoryRoot, 'e2e/cluster/local/lifecycle.ts');
/** Fixed places of the machine where kubelet, containerd and CNI keep things. */
const fixedFolders = ['/run/containerd/s', '/var/lib/cni/results', '/var/log/containers', '/var/log/pods'];

const cgroups = () =>
  readdirSync('/sys/fs/cgroup', { recursive: true }).filter((path) => /lifecycle/.test(String(path)));
const mounts = () =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => /flagrelay-lifecycle/.test(line));
const entries = () => fixedFolders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));

test('a cluster that crashed twice comes up again, and goes without a trace', { timeout: 600_000 }, async (t) => {
  const { kind } = await cluster();
  if (kind !== 'local') return t.skip(`a ${kind} cluster is not made of processes of this machine`);
  const before = new Set(entries());

  const { stdout } = await run('unshare', ['--net', process.execPath, script], { timeoutMs: 540_000 });

  assert.deepEqual(JSON.parse(stdout), { devices: ['lo'], rules: [] });
  assert.deepEqual(cgroups(), []);
  assert.deepEqual(mounts(), []);
  // The machine's own cluster may add some of its own meanwhile; none of those is named after a lifecycle pod.
  const added = entries().filter((entry) => !before.has(entry) && /on-node-[abc]/.test(entry));
  assert.deepEqual(added, []);
});
