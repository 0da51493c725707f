import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBinaries } from '../cluster/binaries.ts';
import { createKubectl, type Kubectl } from '../cluster/kubectl.ts';
import { type CertificateRequest, certificateRequests, ensureCertificates } from '../cluster/local/certificates.ts';
import { auditPolicy, configFiles, kubeconfig } from '../cluster/local/cluster-config.ts';
import { recordedComponents, runningProcess, startComponent, stopComponent } from '../cluster/local/daemon.ts';
import { clusterLayout, type Layout } from '../cluster/local/layout.ts';
import { waitForApiServer } from '../cluster/local/up.ts';
import { cacheFolder } from '../machine/paths.ts';
import { waitFor } from '../machine/wait-for.ts';
import { prepare } from './access.ts';
import { controlPlaneComponents, kwokConfig } from './components.ts';
import { freePorts } from './free-port.ts';
import { controlPlaneLayout } from './layout.ts';
import { kwokNodes, kwokStages } from './stages.ts';

/** A real control plane whose nodes and pods are kwok's, with the CRD, and users that may do what the chart lets the operator do. */
export interface ControlPlane {
  readonly folder: string;
  /** The administrator's. */
  readonly kubeconfig: string;
  /** Of operator number `index`, whose user in the audit log is `operator-INDEX`. */
  operatorKubeconfig(index: number): string;
  /** JSON lines, writes only. */
  readonly auditLog: string;
  readonly kubectl: Kubectl;
  /** Process ids by the name of the program. */
  readonly processes: ReadonlyMap<string, number>;
  /** Ends all of it and removes the folder. */
  close(): Promise<void>;
}

/** What may differ between control planes. */
export interface ControlPlaneOptions {
  /** kwok's nodes. Default 6. */
  readonly nodes?: number;
  /** Further flags of the API server. */
  readonly apiServerArgs?: readonly string[];
}

/** How many operators have a user of their own. */
const OPERATORS = 2;
/** Grace of a component at the end, in ms: nothing of it is kept. */
const GRACE_MS = 1_000;

/**
 * Starts a control plane of its own for the caller, beside any other on this machine: no root, no containers, ports of
 * loopback only. What a killed process left is taken away first. Its owner closes it.
 *
 * @param name names its folder
 * @throws MissingGoError, ComponentEndedError, WaitTimeoutError
 */
export async function openControlPlane(name: string, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const root = join(cacheFolder(), 'control-planes');
  await sweep(root);
  const binaries = await ensureBinaries(['etcd', 'kubernetes', 'kwok']);
  const folder = join(root, `${name}-${process.pid}`);
  const [apiServer = 0, etcd = 0, etcdPeer = 0] = await freePorts(3);
  const layout = controlPlaneLayout(folder, { apiServer, etcd, etcdPeer });
  const kubectl = createKubectl({ program: binaries.get('kubectl')!, kubeconfig: layout.kubeconfig });
  const close = () => remove(folder, layout);
  try {
    await ensureCertificates(layout, [...certificateRequests(layout), ...users]);
    writeFiles(layout);
    const processes = new Map<string, number>();
    for (const component of controlPlaneComponents(layout, options.apiServerArgs)) {
      await startComponent(layout, component, binaries.get(component.program)!);
      processes.set(component.name, runningProcess(layout, component.name)?.pid ?? 0);
      if (component.name === 'kube-apiserver') await waitForApiServer(layout, kubectl);
    }
    await prepare(kubectl);
    await kubectl.apply(kwokNodes(options.nodes ?? 6));
    await waitForNodes(kubectl, options.nodes ?? 6);
    return {
      folder,
      kubeconfig: layout.kubeconfig,
      operatorKubeconfig: (index) => configFiles(layout).kubeconfig(`operator-${index}`),
      auditLog: layout.auditLog,
      kubectl,
      processes,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const users: readonly CertificateRequest[] = [
  { name: 'kwok', commonName: 'kwok', organization: 'system:masters' },
  ...Array.from({ length: OPERATORS }, (_, index) => ({
    name: `operator-${index}`,
    commonName: `operator-${index}`,
    organization: 'flagrelay-operators',
  })),
];

function writeFiles(layout: Layout): void {
  const files = configFiles(layout);
  write(layout.kubeconfig, JSON.stringify(kubeconfig(layout, 'admin')));
  for (const user of ['controller-manager', 'scheduler', ...users.map(({ name }) => name)]) {
    write(files.kubeconfig(user), JSON.stringify(kubeconfig(layout, user)));
  }
  write(files.auditPolicy, JSON.stringify(auditPolicy));
  write(kwokConfig(layout), kwokStages());
  mkdirSync(layout.logs, { recursive: true });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
}

async function waitForNodes(kubectl: Kubectl, count: number): Promise<void> {
  await waitFor(
    `${count} Ready nodes`,
    async () => {
      const nodes = await kubectl.list('nodes');
      const ready = nodes.filter((node) =>
        node.status?.conditions?.some(
          (c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True',
        ),
      );
      return ready.length === count || undefined;
    },
    { timeoutMs: 60_000 },
  );
}

/** Takes away the control planes of processes that have ended. */
async function sweep(root: string): Promise<void> {
  if (!existsSync(root)) return;
  for (const entry of readdirSync(root)) {
    const owner = Number(entry.slice(entry.lastIndexOf('-') + 1));
    if (!existsSync(`/proc/${owner}`)) await remove(join(root, entry), clusterLayout(join(root, entry)));
  }
}

async function remove(folder: string, layout: Layout): Promise<void> {
  for (const name of recordedComponents(layout)) await stopComponent(layout, name, GRACE_MS);
  rmSync(folder, { recursive: true, force: true });
}
