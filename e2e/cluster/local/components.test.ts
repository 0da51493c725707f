import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allComponents, apiServer, kubelet } from './components.ts';
import { clusterLayout } from './layout.ts';

const layout = clusterLayout('/cache');

test('there is one of each for the cluster, and a kubelet and a containerd for each node', () => {
  const names = allComponents(layout).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    names.filter((name) => /node-/.test(name)),
    ['containerd', 'kubelet'].flatMap((program) => ['a', 'b', 'c'].map((letter) => `${program}-node-${letter}`)),
  );
});

test('the API server authorizes by node and role, finds kubelets by address, logs writes, lets nobody in unknown', () => {
  const { args } = apiServer(layout);
  for (const wanted of [
    '--authorization-mode=Node,RBAC',
    '--kubelet-preferred-address-types=InternalIP',
    '--audit-log-path=/cache/cluster/logs/audit.log',
    '--anonymous-auth=false',
  ]) {
    assert.ok(args.includes(wanted), wanted);
  }
});

test('a kubelet registers its zone', () => {
  const { args } = kubelet(layout, layout.nodes[2]!);
  assert.ok(args.includes('--node-labels=topology.kubernetes.io/zone=zone-c,topology.kubernetes.io/region=local'));
});

test('no component is told to write outside the folders that `down` removes', () => {
  const paths = allComponents(layout).flatMap(({ args }) => args.flatMap((arg) => /=(\/.*)$/.exec(arg)?.[1] ?? []));
  assert.deepEqual(
    paths.filter((path) => !path.startsWith('/cache/cluster/') && !path.startsWith('/run/flagrelay/')),
    [],
  );
});
