import { existsSync } from 'node:fs';
import { withLock } from '../../machine/lock.ts';
import { cacheFolder } from '../../machine/paths.ts';
import { progress } from '../../machine/progress.ts';
import { ensureBinaries } from '../binaries.ts';
import type { Cluster } from '../cluster.ts';
import { createKubectl } from '../kubectl.ts';
import { processesInCgroup } from './cgroups.ts';
import { allComponents, apiServer, type Component, controllerManager, kubelet, kubeletName } from './components.ts';
import { usableSnapshotter } from './configure.ts';
import { importImages } from './containerd-images.ts';
import { runningProcess, startComponent, stopComponent, stopProcess } from './daemon.ts';
import { takeDown } from './down.ts';
import { clusterLayout } from './layout.ts';
import { bringUp, LocalClusterError, waitForApiServer } from './up.ts';

/** The cluster that runs as plain processes on this machine: three kubelets in three zones. */
export function localCluster(): Cluster {
  const layout = clusterLayout(cacheFolder());

  const exclusively = <T>(work: () => Promise<T>) =>
    withLock(`cluster ${layout.stateFolder}`, work, {
      timeoutMs: 3_600_000,
      onWait: () => progress('waiting for another run that works on the cluster'),
    });

  async function kubectl() {
    const program = (await ensureBinaries(['kubernetes'])).get('kubectl')!;
    return createKubectl({ program, kubeconfig: layout.kubeconfig });
  }

  async function start(component: Component) {
    if (!existsSync(layout.kubeconfig)) throw new LocalClusterError('the cluster is not up');
    const binaries = await ensureBinaries(['kubernetes']);
    await startComponent(layout, component, binaries.get(component.program)!);
  }

  function nodeNamed(name: string) {
    const node = layout.nodes.find((candidate) => candidate.name === name);
    const known = layout.nodes.map((candidate) => candidate.name).join(', ');
    if (node === undefined) throw new LocalClusterError(`no node "${name}": there are ${known}`);
    return node;
  }

  return {
    kind: 'local',
    kubeconfig: layout.kubeconfig,
    stateFolder: layout.stateFolder,
    auditLog: layout.auditLog,
    kubectl,
    up: () => exclusively(() => bringUp(layout)),
    down: () => exclusively(() => takeDown(layout)),
    async status() {
      if (!existsSync(layout.kubeconfig)) return ['not up'];
      const processes = allComponents(layout).map(({ name }) => {
        const pid = runningProcess(layout, name)?.pid;
        return `${name}: ${pid === undefined ? 'does not run' : `process ${pid}`}`;
      });
      const args = ['get', 'nodes', '-o', 'wide', '-L', 'topology.kubernetes.io/zone'];
      const nodes = await (await kubectl()).run(args, { timeoutMs: 10_000 }).catch((error: Error) => error.message);
      return [...processes, ...nodes.trimEnd().split('\n')];
    },
    loadImages: (archives) => exclusively(async () => importImages(layout, await usableSnapshotter(layout), archives)),
    // Without the API server a controller manager loses its lease and ends, and its kubelet starts it again. One that lived on would
    // compare leases of nodes with what it saw before the outage and call every node dead as soon as the API server is back.
    async stopApiServer() {
      await stopComponent(layout, apiServer(layout).name);
      await stopComponent(layout, controllerManager(layout).name);
    },
    async startApiServer() {
      await start(apiServer(layout));
      await waitForApiServer(layout, await kubectl());
      await start(controllerManager(layout));
    },
    stopKubelet: async (node) => stopComponent(layout, kubeletName(nodeNamed(node).name)),
    startKubelet: async (node) => start(kubelet(layout, nodeNamed(node))),
    async stopNode(name) {
      const node = nodeNamed(name);
      await stopComponent(layout, kubeletName(node.name));
      await Promise.all(processesInCgroup(node.cgroup).map((identity) => stopProcess(identity, 0)));
    },
    startNode: async (node) => start(kubelet(layout, nodeNamed(node))),
  };
}
