import { type LineProcess, startLineProcess } from '../../clients/lines.ts';
import type { Kubectl } from '../../cluster/kubectl.ts';

/** A Deployment's numbers at one moment. */
export interface ReplicaCounts {
  readonly wanted: number;
  readonly ready: number;
}

/** Watches a Deployment; each change is a line. Its owner stops it. */
export function watchReplicas(kubectl: Kubectl, deployment: string, namespace: string): LineProcess<ReplicaCounts> {
  const ready = '{{with .status.readyReplicas}}{{.}}{{else}}0{{end}}';
  const template = `{"wanted":{{.spec.replicas}},"ready":${ready}}{{"\\n"}}`;
  const args = ['get', 'deployment', deployment, '-n', namespace, '--watch', '-o', `go-template=${template}`];
  return startLineProcess<ReplicaCounts>([kubectl.program, ...args], {
    ...process.env,
    KUBECONFIG: kubectl.kubeconfig,
  });
}
