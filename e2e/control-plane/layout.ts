import { join } from 'node:path';
import { clusterLayout, type Layout } from '../cluster/local/layout.ts';

/** Ports of loopback that a control plane listens on. */
export interface Ports {
  readonly apiServer: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

/**
 * Where a control plane of its own lives: the local cluster's layout in another folder, on other ports and without
 * nodes, so that it runs beside it.
 */
export function controlPlaneLayout(folder: string, ports: Ports): Layout {
  return {
    ...clusterLayout(folder, { runFolder: join(folder, 'run') }),
    apiServerPort: ports.apiServer,
    etcdPort: ports.etcd,
    etcdPeerPort: ports.etcdPeer,
    nodes: [],
  };
}
