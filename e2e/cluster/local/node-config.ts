import { join } from 'node:path';
import type { Layout, NodeLayout } from './layout.ts';

/** What the machine decides about a node's configuration. */
export interface NodeFacts {
  /** Folder of the CNI plugins. */
  readonly cniBinFolder: string;
  /** `native` where the state folder's file system cannot carry overlays. */
  readonly snapshotter: 'overlayfs' | 'native';
  readonly pauseImage: string;
}

/** Paths of the configuration files of one node. */
export function nodeFiles(node: NodeLayout): { kubelet: string; containerd: string; cniFolder: string; cni: string } {
  const cniFolder = join(node.folder, 'cni');
  return {
    kubelet: join(node.folder, 'kubelet.json'),
    containerd: join(node.folder, 'containerd.toml'),
    cniFolder,
    cni: join(cniFolder, '10-flagrelay.conflist'),
  };
}

/** The KubeletConfiguration of one node. */
export function kubeletConfig(layout: Layout, node: NodeLayout): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    // Each kubelet listens on its own node's address, so that all of them have the usual ports.
    address: node.address,
    healthzBindAddress: node.address,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(layout.pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${node.containerdSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${node.cgroup}`,
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    // The machine may lack CAP_SYS_RESOURCE, as a user namespace does; this makes such errors bearable.
    featureGates: { KubeletInUserNamespace: true },
    clusterDNS: [layout.hostAddress],
    clusterDomain: 'cluster.local',
    resolvConf: join(layout.config, 'resolv.conf'),
    podLogsDir: join(node.folder, 'pod-logs'),
    volumePluginDir: join(node.folder, 'volume-plugins'),
    makeIPTablesUtilChains: false,
    maxPods: 100,
    // Images are loaded by hand and cannot be pulled again: nothing may collect them.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '1Mi',
      'nodefs.available': '0%',
      'nodefs.inodesFree': '0%',
      'imagefs.available': '0%',
    },
  };
}

/** containerd's configuration of one node: two kubelets on one containerd would kill each other's pods. */
export function containerdConfig(node: NodeLayout, facts: NodeFacts): string {
  return `version = 2
root = ${quote(join(node.folder, 'containerd'))}
state = ${quote(join(node.runFolder, 'containerd'))}
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt"]

[grpc]
address = ${quote(node.containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${quote(facts.pauseImage)}
# CAP_SYS_RESOURCE may be absent.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = ${quote(facts.snapshotter)}
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = ${quote(join(node.runFolder, 'runc'))}

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${quote(facts.cniBinFolder)}
conf_dir = ${quote(nodeFiles(node).cniFolder)}
`;
}

/** The pod network of one node: a range of its own on the bridge that all nodes share. */
export function cniConfig(layout: Layout, node: NodeLayout): object {
  const [rangeStart, rangeEnd] = node.podRange;
  return {
    cniVersion: '0.4.0',
    name: `flagrelay-${node.name}`,
    plugins: [
      {
        type: 'bridge',
        bridge: layout.bridge,
        // A pod may reach itself through its Service.
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(node.folder, 'addresses'),
          ranges: [[{ subnet: layout.podCidr, rangeStart, rangeEnd, gateway: node.address }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}

function quote(text: string): string {
  return JSON.stringify(text);
}
