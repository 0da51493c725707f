import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../machine/paths.ts';
import { progress, secondsSince } from '../machine/progress.ts';
import { run } from '../machine/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { anyKubectl } from './binaries.ts';
import type { Cluster } from './cluster.ts';
import { createKubectl } from './kubectl.ts';

const name = 'flagrelay';
const controlPlane = `${name}-control-plane`;
const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const parkedManifest = '/etc/kubernetes/kube-apiserver.yaml';

/** The kind configuration: a control plane and one worker in each of three zones. */
export function kindConfig(): object {
  const worker = (zone: string) => ({ role: 'worker', labels: { 'topology.kubernetes.io/zone': zone } });
  return {
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    kind: 'Cluster',
    nodes: [{ role: 'control-plane' }, worker('zone-a'), worker('zone-b'), worker('zone-c')],
  };
}

/** A cluster whose nodes are Docker containers. */
export function kindCluster(program: string): Cluster {
  const stateFolder = join(cacheFolder(), 'kind');
  const kubeconfig = join(stateFolder, 'kubeconfig');
  const kind = (args: readonly string[], input?: string) =>
    run(program, args, { timeoutMs: 600_000, ...(input === undefined ? {} : { input }) });
  const inNode = (node: string, ...command: string[]) =>
    run('docker', ['exec', node, ...command], { timeoutMs: 60_000 });
  const kubectl = async () => createKubectl({ program: await anyKubectl(), kubeconfig });
  const exists = async () => (await kind(['get', 'clusters'])).stdout.split('\n').includes(name);
  const apiServerAnswers = async () =>
    (await kubectl()).run(['get', '--raw', '/readyz'], { timeoutMs: 5000 }).then(
      () => true,
      () => false,
    );

  return {
    kind: 'kind',
    kubeconfig,
    stateFolder,
    auditLog: undefined,
    kubectl,
    async up() {
      const start = performance.now();
      mkdirSync(stateFolder, { recursive: true });
      if (await exists()) await kind(['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig]);
      else {
        progress('creating a kind cluster');
        const args = ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--config', '-', '--wait', '5m'];
        await kind(args, JSON.stringify(kindConfig()));
      }
      await (await kubectl()).run(['wait', 'nodes', '--all', '--for=condition=Ready', '--timeout=180s'], {
        timeoutMs: 190_000,
      });
      progress(`all nodes are Ready (${secondsSince(start)})`);
    },
    async down() {
      await kind(['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig]);
      rmSync(stateFolder, { recursive: true, force: true });
    },
    async status() {
      if (!(await exists())) return ['not up'];
      return (await (await kubectl()).run(['get', 'nodes', '-o', 'wide'])).trimEnd().split('\n');
    },
    async loadImages(archives) {
      // kind itself leaves out what its nodes have.
      for (const { file } of archives) await kind(['load', 'image-archive', file, '--name', name]);
      return archives.map(({ image }) => image);
    },
    async stopApiServer() {
      // The kubelet runs what lies in the manifests folder, and nothing else.
      if (await apiServerAnswers()) await inNode(controlPlane, 'mv', manifest, parkedManifest);
      const stopped = async () => ((await apiServerAnswers()) ? undefined : true);
      await waitFor('end of the API server', stopped, { timeoutMs: 120_000, intervalMs: 500 });
    },
    async startApiServer() {
      if (!(await apiServerAnswers())) await inNode(controlPlane, 'mv', '--no-clobber', parkedManifest, manifest);
      const ready = async () => ((await apiServerAnswers()) ? true : undefined);
      await waitFor('readiness of the API server', ready, { timeoutMs: 120_000, intervalMs: 500 });
    },
    async stopKubelet(node) {
      await inNode(node, 'systemctl', 'stop', 'kubelet');
    },
    async startKubelet(node) {
      await inNode(node, 'systemctl', 'start', 'kubelet');
    },
    async stopNode(node) {
      await inNode(node, 'systemctl', 'stop', 'kubelet');
      await inNode(node, 'sh', '-c', 'crictl ps --quiet | xargs --no-run-if-empty crictl stop --timeout 0');
    },
    async startNode(node) {
      await inNode(node, 'systemctl', 'start', 'kubelet');
    },
  };
}
