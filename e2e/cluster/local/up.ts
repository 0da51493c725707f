import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { ensurePauseArchive, pauseImage } from '../../images/pause-image.ts';
import { cniFolder, ensurePrograms, findOnPath } from '../../machine/packages.ts';
import { progress, secondsSince } from '../../machine/progress.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { ensureBinaries } from '../binaries.ts';
import { createKubectl, type Kubectl } from '../kubectl.ts';
import { ensureCertificates } from './certificates.ts';
import { ensureCgroup } from './cgroups.ts';
import { dnsPermissions } from './cluster-config.ts';
import * as components from './components.ts';
import { usableSnapshotter, writeConfiguration } from './configure.ts';
import { importImages } from './containerd-images.ts';
import { ComponentEndedError, recordedComponents, runningProcess, startComponent } from './daemon.ts';
import { takeDown } from './down.ts';
import { kubernetesRulesExist } from './iptables.ts';
import type { Layout } from './layout.ts';
import { enableForwarding, noteMachine } from './machine-before.ts';
import { ensureBridge } from './network.ts';
import type { NodeFacts } from './node-config.ts';
import { currentBootId } from './process-identity.ts';

interface NodeCondition {
  readonly type: string;
  readonly status: string;
}

/** The local cluster cannot run on this machine as it is; the message says what to change. */
export class LocalClusterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LocalClusterError';
  }
}

/**
 * Brings the cluster up and waits until its three nodes are Ready and DNS answers. What runs already stays; what
 * ended is started again; what an earlier boot of the machine left is removed first.
 *
 * @throws LocalClusterError, MissingProgramsError, MissingGoError, ComponentEndedError, WaitTimeoutError
 */
export async function bringUp(layout: Layout): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new LocalClusterError('the local cluster needs root; without it give a kubeconfig in FLAGRELAY_KUBECONFIG');
  }
  const start = performance.now();
  await ensurePrograms(['containerd', 'runc', 'cni', 'iptables', 'conntrack', 'ip', 'openssl']);
  const binaries = await ensureBinaries(['etcd', 'kubernetes', 'coredns']);
  const pauseArchive = await ensurePauseArchive();
  const kubectl = createKubectl({ program: binaries.get('kubectl')!, kubeconfig: layout.kubeconfig });

  const bootFile = join(layout.stateFolder, 'boot-id');
  const sameBoot = existsSync(bootFile) && readFileSync(bootFile, 'utf8') === currentBootId();
  if (!sameBoot) {
    await takeDown(layout);
    await refuseTakenMachine();
  }
  const missing = components.allComponents(layout).filter(({ name }) => runningProcess(layout, name) === undefined);
  if (missing.length > 0) {
    progress(`starting ${missing.map(({ name }) => name).join(', ')}`);
    noteMachine(layout.stateFolder);
    writeFileSync(bootFile, currentBootId());
    enableForwarding();
    await ensureBridge(layout);
    for (const { cgroup } of layout.nodes) ensureCgroup(cgroup);
    await ensureCertificates(layout);
    const snapshotter = await usableSnapshotter(layout);
    writeConfiguration(layout, { cniBinFolder: cniFolder()!, snapshotter, pauseImage });
    await startAll(layout, kubectl, binaries, { snapshotter, pauseArchive });
  }
  await waitUntilReady(layout, kubectl);
  progress(`three nodes are Ready (${secondsSince(start)})`);
}

async function startAll(
  layout: Layout,
  kubectl: Kubectl,
  binaries: ReadonlyMap<string, string>,
  { snapshotter, pauseArchive }: { snapshotter: NodeFacts['snapshotter']; pauseArchive: string },
): Promise<void> {
  const start = (component: components.Component) =>
    startComponent(layout, component, binaries.get(component.program) ?? findOnPath(component.program)!);
  for (const node of layout.nodes) await start(components.containerd(node));
  await start(components.etcd(layout));
  await start(components.apiServer(layout));
  await Promise.all([
    waitForApiServer(layout, kubectl),
    Promise.all(
      layout.nodes.map((node) => waitForSocket(layout, components.containerdName(node.name), node.containerdSocket)),
    ).then(() => importImages(layout, snapshotter, [{ image: pauseImage, file: pauseArchive, digest: pauseImage }])),
  ]);
  await start(components.controllerManager(layout));
  await start(components.scheduler(layout));
  for (const node of layout.nodes) await start(components.kubelet(layout, node));
  await start(components.kubeProxy(layout));
  await kubectl.apply(dnsPermissions);
  await start(components.coreDns(layout));
}

/** Waits until the API server says that it is ready. */
export async function waitForApiServer(layout: Layout, kubectl: Kubectl): Promise<void> {
  await waitFor(
    'readiness of the API server',
    async () => {
      if (failed(layout, ['etcd', 'kube-apiserver']) !== undefined) return false;
      return (await kubectl.run(['get', '--raw', '/readyz'], { timeoutMs: 5000 })) === 'ok' ? true : undefined;
    },
    { timeoutMs: 120_000 },
  );
  throwIfEnded(layout, ['etcd', 'kube-apiserver']);
}

async function waitUntilReady(layout: Layout, kubectl: Kubectl): Promise<void> {
  await waitFor(
    'three Ready nodes and DNS',
    async () => {
      if (failed(layout, recordedComponents(layout)) !== undefined) return false;
      const nodes = await kubectl.list('nodes');
      const ready = nodes.filter((node) =>
        node.status?.conditions?.some(
          (condition: NodeCondition) => condition.type === 'Ready' && condition.status === 'True',
        ),
      );
      const dns = await fetch('http://127.0.0.1:18181/ready', { signal: AbortSignal.timeout(2000) });
      // Without it the first pods of a fresh cluster are refused.
      const account = await kubectl.get('serviceaccount', 'default', 'default');
      return ready.length === layout.nodes.length && dns.ok && account !== undefined ? true : undefined;
    },
    { timeoutMs: 180_000 },
  );
  throwIfEnded(layout, recordedComponents(layout));
}

function failed(layout: Layout, names: readonly string[]): string | undefined {
  return names.find((name) => runningProcess(layout, name) === undefined);
}

function throwIfEnded(layout: Layout, names: readonly string[]): void {
  const name = failed(layout, names);
  if (name !== undefined) throw new ComponentEndedError(layout, name);
}

async function waitForSocket(layout: Layout, component: string, path: string): Promise<void> {
  await waitFor(
    `socket ${path}`,
    async () => {
      if (failed(layout, [component]) !== undefined) return false;
      const socket = createConnection(path);
      try {
        await once(socket, 'connect');
        return true;
      } finally {
        socket.destroy();
      }
    },
    { timeoutMs: 60_000, intervalMs: 100 },
  );
  throwIfEnded(layout, [component]);
}

/** Another Kubernetes on this machine would fight with ours over packet-filter rules, and lose them on `down`. */
async function refuseTakenMachine(): Promise<void> {
  if (await kubernetesRulesExist()) {
    throw new LocalClusterError(
      'this machine has packet-filter rules of another Kubernetes (chains KUBE-*): use that one, with FLAGRELAY_KUBECONFIG',
    );
  }
}
