import { join } from 'node:path';

/** One node of the local cluster. */
export interface NodeLayout {
  readonly name: string;
  /** Its cgroup, below the root of each hierarchy. */
  readonly cgroup: string;
  readonly zone: string;
  /** Its InternalIP and its pods' gateway: an address of the bridge. */
  readonly address: string;
  /** First and last pod address. */
  readonly podRange: readonly [string, string];
  /** Everything that the node keeps on disk. */
  readonly folder: string;
  /** containerd's state and socket: short, as a socket's path holds 107 bytes at most. */
  readonly runFolder: string;
  readonly containerdSocket: string;
}

/** Where everything of the local cluster lives; pure, the same for each run with the same cache folder. */
export interface Layout {
  /** Everything that `down` removes from the disk. */
  readonly stateFolder: string;
  readonly runFolder: string;
  readonly pki: string;
  readonly config: string;
  readonly logs: string;
  /** Identities of the running components, one file each. */
  readonly processes: string;
  readonly etcdData: string;
  readonly auditLog: string;
  /** The administrator's kubeconfig: the one that tests and people use. */
  readonly kubeconfig: string;
  readonly bridge: string;
  /** The machine's own address as pods see it: the API server and DNS listen there. */
  readonly hostAddress: string;
  readonly apiServerPort: number;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly podCidr: string;
  readonly podPrefixLength: number;
  readonly serviceCidr: string;
  /** The `kubernetes` Service: the first address of `serviceCidr`. */
  readonly apiServiceAddress: string;
  readonly nodes: readonly NodeLayout[];
}

const zoneLetters = ['a', 'b', 'c'];

/** What a second cluster of one machine must have of its own; its addresses too, in a network namespace. */
export interface LayoutOptions {
  /** Default `/run/flagrelay`. */
  readonly runFolder?: string;
  /** Comes before the node's name in the name of its cgroup; default empty. */
  readonly cgroupPrefix?: string;
}

/** The layout of the cluster that is kept below `cacheFolder`. A network has one: its addresses are fixed. */
export function clusterLayout(
  cacheFolder: string,
  { runFolder = '/run/flagrelay', cgroupPrefix = '' }: LayoutOptions = {},
): Layout {
  const stateFolder = join(cacheFolder, 'cluster');
  return {
    stateFolder,
    runFolder,
    pki: join(stateFolder, 'pki'),
    config: join(stateFolder, 'config'),
    logs: join(stateFolder, 'logs'),
    processes: join(stateFolder, 'processes'),
    etcdData: join(stateFolder, 'etcd'),
    auditLog: join(stateFolder, 'logs', 'audit.log'),
    kubeconfig: join(stateFolder, 'kubeconfig'),
    bridge: 'flagrelay0',
    hostAddress: '10.88.0.1',
    apiServerPort: 16443,
    etcdPort: 12379,
    etcdPeerPort: 12380,
    podCidr: '10.88.0.0/16',
    podPrefixLength: 16,
    serviceCidr: '10.96.0.0/16',
    apiServiceAddress: '10.96.0.1',
    nodes: zoneLetters.map((letter, index) => nodeLayout(letter, index + 1, { stateFolder, runFolder, cgroupPrefix })),
  };
}

function nodeLayout(
  letter: string,
  number: number,
  { stateFolder, runFolder, cgroupPrefix }: Required<LayoutOptions> & { stateFolder: string },
): NodeLayout {
  const name = `node-${letter}`;
  return {
    name,
    cgroup: `${cgroupPrefix}${name}`,
    zone: `zone-${letter}`,
    address: `10.88.${number}.1`,
    podRange: [`10.88.${number}.2`, `10.88.${number}.254`],
    folder: join(stateFolder, name),
    runFolder: join(runFolder, name),
    containerdSocket: join(runFolder, name, 'containerd.sock'),
  };
}
