import { fileURLToPath } from 'node:url';
import { ensureBinaries } from '@flagrelay/e2e/cluster/binaries';
import { createKubectl, type Kubectl } from '@flagrelay/e2e/cluster/kubectl';
import { run } from '@flagrelay/e2e/machine/run';
import { parseAllDocuments } from 'yaml';

/** Folder of the chart. */
export const chartFolder: string = fileURLToPath(new URL('../flagrelay', import.meta.url));

/** A rendered object. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own
  readonly [field: string]: any;
}

/** Runs Helm: the program in `HELM`, else the cached, installed or newly built one. Rejects with a CommandError when it fails. */
export async function helm(...args: string[]): Promise<string> {
  const program = process.env.HELM || (await ensureBinaries(['helm'])).get('helm');
  if (program === undefined) throw new Error('no helm: set HELM to its path');
  return (await run(program, args, { timeoutMs: 120_000 })).stdout;
}

/** `helm template` of the chart as text. `args` are further arguments of Helm, such as `--set`. */
export function renderText(release: string, namespace: string, ...args: string[]): Promise<string> {
  // Named, as without a cluster each build of Helm assumes another one.
  const cluster = ['--kube-version', '1.36.0'];
  return helm('template', release, chartFolder, '--namespace', namespace, ...cluster, ...args);
}

/** The objects of `helm template`, in Helm's order. */
export async function render(...args: string[]): Promise<readonly Rendered[]> {
  return parseAllDocuments(await renderText('flagrelay', 'flagrelay-system', ...args))
    .map((document) => {
      if (document.errors[0]) throw document.errors[0];
      return document.toJS() as Rendered | null;
    })
    .filter((object) => object !== null);
}

/** kubectl for the cluster of these tests; throws when the environment names none. */
export function clusterFromEnvironment(): Kubectl {
  const { KUBECONFIG: kubeconfig, KUBECTL: program = 'kubectl' } = process.env;
  if (!kubeconfig) throw new Error('KUBECONFIG is not set: these tests need a cluster; run `make test`');
  return createKubectl({ program, kubeconfig });
}
