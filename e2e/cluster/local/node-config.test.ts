import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterLayout } from './layout.ts';
import { cniConfig, containerdConfig, kubeletConfig, nodeFiles } from './node-config.ts';

const layout = clusterLayout('/cache');
const [nodeA, nodeB] = layout.nodes as [(typeof layout.nodes)[0], (typeof layout.nodes)[0]];
const facts = { cniBinFolder: '/usr/lib/cni', snapshotter: 'overlayfs', pauseImage: 'pause:1' } as const;

test('a kubelet talks to its own containerd, at its own address, below its own cgroup', () => {
  const config = kubeletConfig(layout, nodeB) as Record<string, unknown>;
  assert.equal(config.containerRuntimeEndpoint, 'unix:///run/flagrelay/node-b/containerd.sock');
  assert.equal(config.address, '10.88.2.1');
  assert.equal(config.cgroupRoot, '/node-b');
  assert.deepEqual(config.clusterDNS, ['10.88.0.1']);
});

test('containerd keeps all it has in its own folders, and lowers no OOM score', () => {
  const config = containerdConfig(nodeA, facts);
  assert.match(config, /^root = "\/cache\/cluster\/node-a\/containerd"$/m);
  assert.match(config, /^state = "\/run\/flagrelay\/node-a\/containerd"$/m);
  assert.match(config, /^address = "\/run\/flagrelay\/node-a\/containerd.sock"$/m);
  assert.match(config, /^Root = "\/run\/flagrelay\/node-a\/runc"$/m);
  assert.match(config, /^conf_dir = "\/cache\/cluster\/node-a\/cni"$/m);
  assert.match(config, /^restrict_oom_score_adj = true$/m);
  assert.match(config, /^sandbox_image = "pause:1"$/m);
});

test('pods of a node get addresses of its range, with the node as gateway', () => {
  const config = cniConfig(layout, nodeA) as { plugins: { bridge: string; ipam: { ranges: unknown } }[] };
  assert.equal(config.plugins[0]?.bridge, layout.bridge);
  assert.deepEqual(config.plugins[0]?.ipam.ranges, [
    [{ subnet: '10.88.0.0/16', rangeStart: '10.88.1.2', rangeEnd: '10.88.1.254', gateway: '10.88.1.1' }],
  ]);
});

test('files of two nodes are apart', () => {
  const files = [nodeFiles(nodeA), nodeFiles(nodeB)].flatMap((node) => Object.values(node));
  assert.equal(new Set(files).size, files.length);
});
