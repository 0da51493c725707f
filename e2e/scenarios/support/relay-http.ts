import type { Kubectl } from '../../cluster/kubectl.ts';

/** GETs a path of a pod's port through the API server's proxy; throws when the answer is not 2xx. */
export function getThroughApiServer(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
  port: number,
  path: string,
): Promise<string> {
  return kubectl.run(['get', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`]);
}
