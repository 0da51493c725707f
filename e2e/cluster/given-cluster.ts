import { join } from 'node:path';
import { cacheFolder } from '../machine/paths.ts';
import { anyKubectl } from './binaries.ts';
import { type Cluster, UnsupportedByClusterError } from './cluster.ts';
import { createKubectl } from './kubectl.ts';

/** Somebody's running cluster, reached through their kubeconfig. It is used, never changed as a machine. */
export function givenCluster(kubeconfig: string): Cluster {
  const kubectl = async () => createKubectl({ program: await anyKubectl(), kubeconfig });
  const nodes = async () => (await kubectl()).run(['get', 'nodes', '-o', 'wide', '-L', 'topology.kubernetes.io/zone']);
  const unsupported = (what: string) => async (): Promise<never> => {
    throw new UnsupportedByClusterError('given', what);
  };
  return {
    kind: 'given',
    kubeconfig,
    stateFolder: join(cacheFolder(), 'given'),
    auditLog: undefined,
    kubectl,
    up: async () => {
      await nodes();
    },
    down: async () => undefined,
    status: async () => (await nodes()).trimEnd().split('\n'),
    loadImages: unsupported('loading images (push them to a registry that it can pull from)'),
    stopApiServer: unsupported('stopping the API server'),
    startApiServer: unsupported('starting the API server'),
    stopKubelet: unsupported('stopping a kubelet'),
    startKubelet: unsupported('starting a kubelet'),
    stopNode: unsupported('stopping a node'),
    startNode: unsupported('starting a node'),
  };
}
