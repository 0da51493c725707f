import { run } from '../machine/run.ts';
import { waitFor } from '../machine/wait-for.ts';

/** The part of a Kubernetes object that all kinds share; the rest as the caller knows it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own
  readonly spec?: any;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own
  readonly status?: any;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own
  readonly data?: any;
}

/** Where kubectl is and which cluster it talks to. */
export interface KubectlOptions {
  readonly program: string;
  readonly kubeconfig: string;
}

/** kubectl bound to one cluster. Each call throws a CommandError when kubectl fails. */
export type Kubectl = ReturnType<typeof createKubectl>;

/** kubectl as functions. Times are milliseconds. */
export function createKubectl({ program, kubeconfig }: KubectlOptions) {
  const inNamespace = (namespace: string | undefined) => (namespace === undefined ? [] : ['--namespace', namespace]);

  /** Runs kubectl with these arguments; returns its standard output. */
  async function kubectl(
    args: readonly string[],
    { timeoutMs = 60_000, input }: { timeoutMs?: number; input?: string } = {},
  ): Promise<string> {
    const options = { timeoutMs, env: { KUBECONFIG: kubeconfig }, ...(input === undefined ? {} : { input }) };
    return (await run(program, args, options)).stdout;
  }

  /** One object; `undefined` when it does not exist. */
  async function get(kind: string, name: string, namespace?: string): Promise<KubeObject | undefined> {
    const output = await kubectl(['get', kind, name, ...inNamespace(namespace), '-o', 'json', '--ignore-not-found']);
    return output === '' ? undefined : (JSON.parse(output) as KubeObject);
  }

  /** All objects of a kind in a namespace (or of the cluster), perhaps only those that a label selector picks. */
  async function list(kind: string, namespace?: string, selector?: string): Promise<KubeObject[]> {
    const filter = selector === undefined ? [] : ['--selector', selector];
    const output = await kubectl(['get', kind, ...inNamespace(namespace), ...filter, '-o', 'json']);
    return (JSON.parse(output) as { items: KubeObject[] }).items;
  }

  /** Applies YAML text, or objects; `serverSide` as field manager `e2e`. */
  function apply(manifests: string | readonly object[], options: { namespace?: string; serverSide?: boolean } = {}) {
    const input =
      typeof manifests === 'string' ? manifests : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
    const how = options.serverSide ? ['--server-side', '--field-manager=e2e'] : [];
    return kubectl(['apply', ...inNamespace(options.namespace), ...how, '-f', '-'], { input });
  }

  /** Deletes one object and waits until it is gone; nothing happens when it does not exist. */
  function remove(kind: string, name: string, namespace?: string, timeoutMs = 120_000) {
    const args = ['delete', kind, name, ...inNamespace(namespace), '--ignore-not-found', '--wait'];
    return kubectl(args, { timeoutMs });
  }

  /** Polls one object until `accept` takes it, and returns it as it then was. */
  function waitForObject(
    kind: string,
    name: string,
    namespace: string | undefined,
    description: string,
    accept: (object: KubeObject) => boolean,
    timeoutMs = 120_000,
  ): Promise<KubeObject> {
    const probe = async () => {
      const object = await get(kind, name, namespace);
      return object !== undefined && accept(object) ? object : undefined;
    };
    return waitFor(`${kind} ${name}: ${description}`, probe, { timeoutMs, intervalMs: 500 });
  }

  /** Waits until a Deployment has rolled out, its newest template on every replica. */
  function rolloutStatus(deployment: string, namespace: string, timeoutMs = 180_000) {
    const args = ['rollout', 'status', `deployment/${deployment}`, ...inNamespace(namespace)];
    return kubectl(args, { timeoutMs });
  }

  /** Runs a command in a pod's container; returns its standard output. */
  function exec(
    pod: string,
    namespace: string,
    command: readonly string[],
    options?: { timeoutMs?: number; input?: string },
  ) {
    const stdin = options?.input === undefined ? [] : ['--stdin'];
    return kubectl(['exec', pod, ...inNamespace(namespace), ...stdin, '--', ...command], options);
  }

  /** What a pod has logged. */
  function logs(pod: string, namespace: string, extra: readonly string[] = []) {
    return kubectl(['logs', pod, ...inNamespace(namespace), ...extra]);
  }

  /** Cordons a node and evicts its pods, as `kubectl drain` does, within disruption budgets. */
  function drain(node: string, timeoutMs = 180_000) {
    const args = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--force'];
    return kubectl([...args, `--timeout=${Math.ceil(timeoutMs / 1000)}s`], { timeoutMs: timeoutMs + 10_000 });
  }

  /** Lets pods be placed on a node again. */
  function uncordon(node: string) {
    return kubectl(['uncordon', node]);
  }

  return {
    program,
    kubeconfig,
    run: kubectl,
    get,
    list,
    apply,
    remove,
    waitForObject,
    rolloutStatus,
    exec,
    logs,
    drain,
    uncordon,
  };
}
