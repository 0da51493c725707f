import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pauseImage } from '../../images/pause-image.ts';
import { run } from '../../machine/run.ts';
import { ensureBinaries } from '../binaries.ts';
import { createKubectl } from '../kubectl.ts';
import { runningProcess, stopProcess } from './daemon.ts';
import { takeDown } from './down.ts';
import { clusterLayout, type Layout } from './layout.ts';
import { bringUp } from './up.ts';

/**
 * A cluster's whole life, in a network namespace of its own beside the machine's cluster (`unshare --net`): up, pods on
 * every node, a crash of some processes, up again, a crash of all, down. Prints as JSON what is then left in the
 * namespace: network devices and packet-filter rules. Fails when `down` finds anything else left.
 */
const folder = mkdtempSync(join(tmpdir(), 'flagrelay-lifecycle-'));
const layout = clusterLayout(folder, { runFolder: `${folder}/run`, cgroupPrefix: 'flagrelay-lifecycle-' });
await run('ip', ['link', 'set', 'lo', 'up'], { timeoutMs: 10_000 });
try {
  await bringUp(layout);
  const kubectl = createKubectl({
    program: (await ensureBinaries(['kubernetes'])).get('kubectl')!,
    kubeconfig: layout.kubeconfig,
  });
  await kubectl.apply(layout.nodes.map(({ name }) => podOn(name)));
  await kubectl.run(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=90s'], { timeoutMs: 100_000 });
  await kill(layout, ['kube-apiserver', 'containerd-node-a', 'kubelet-node-b']);
  await bringUp(layout);
  await kubectl.run(['wait', 'pods', '--all', '--for=condition=Ready', '--timeout=90s'], { timeoutMs: 100_000 });
  await kill(layout, ['etcd', 'kube-apiserver', 'kube-proxy', 'containerd-node-b', 'kubelet-node-b', 'kubelet-node-c']);
} finally {
  await takeDown(layout);
  rmSync(folder, { recursive: true });
}
const devices = await run('ip', ['-oneline', 'link'], { timeoutMs: 10_000 });
const rules = await run('iptables-save', [], { timeoutMs: 10_000 });
console.log(
  JSON.stringify({
    devices: devices.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(': ')[1]),
    rules: rules.stdout.split('\n').filter((line) => line.startsWith('-A')),
  }),
);

function podOn(node: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `on-${node}` },
    spec: { nodeName: node, containers: [{ name: 'pause', image: pauseImage, imagePullPolicy: 'IfNotPresent' }] },
  };
}

async function kill(of: Layout, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const running = runningProcess(of, name);
    if (running === undefined) throw new Error(`${name} does not run`);
    await stopProcess(running, 0);
  }
}
