import { join } from 'node:path';
import { configFiles } from './cluster-config.ts';
import type { Layout, NodeLayout } from './layout.ts';
import { nodeFiles } from './node-config.ts';

/** One process of the cluster: its name in state and logs, its program, its arguments. */
export interface Component {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** The component name of a node's kubelet. */
export function kubeletName(node: string): string {
  return `kubelet-${node}`;
}

/** The component name of a node's containerd. */
export function containerdName(node: string): string {
  return `containerd-${node}`;
}

/** etcd; fsync is off, as the cluster does not outlive its machine's boot. */
export function etcd(layout: Layout): Component {
  const url = `https://127.0.0.1:${layout.etcdPort}`;
  const peer = `http://127.0.0.1:${layout.etcdPeerPort}`;
  return component('etcd', 'etcd', {
    name: 'flagrelay',
    'data-dir': layout.etcdData,
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `flagrelay=${peer}`,
    'trusted-ca-file': join(layout.pki, 'ca.crt'),
    'cert-file': join(layout.pki, 'etcd.crt'),
    'key-file': join(layout.pki, 'etcd.key'),
    'client-cert-auth': 'true',
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
  });
}

/** The API server: Node and RBAC authorization, writes in the audit log. */
export function apiServer(layout: Layout): Component {
  const pki = (name: string) => join(layout.pki, name);
  return component('kube-apiserver', 'kube-apiserver', {
    'etcd-servers': `https://127.0.0.1:${layout.etcdPort}`,
    'etcd-cafile': pki('ca.crt'),
    'etcd-certfile': pki('apiserver-client.crt'),
    'etcd-keyfile': pki('apiserver-client.key'),
    'secure-port': String(layout.apiServerPort),
    'advertise-address': layout.hostAddress,
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'client-ca-file': pki('ca.crt'),
    // It listens on every address (people on 127.0.0.1, pods on the bridge), so that nobody gets in without proof.
    'anonymous-auth': 'false',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': pki('service-account.pub'),
    'service-account-signing-key-file': pki('service-account.key'),
    'service-cluster-ip-range': layout.serviceCidr,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    // Without this, exec and logs look node names up in DNS.
    'kubelet-preferred-address-types': 'InternalIP',
    'kubelet-client-certificate': pki('apiserver-client.crt'),
    'kubelet-client-key': pki('apiserver-client.key'),
    'audit-policy-file': configFiles(layout).auditPolicy,
    'audit-log-path': layout.auditLog,
    profiling: 'false',
  });
}

/** The controller manager; one instance, so that it needs no lease. */
export function controllerManager(layout: Layout): Component {
  return component('kube-controller-manager', 'kube-controller-manager', {
    kubeconfig: configFiles(layout).kubeconfig('controller-manager'),
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
    'root-ca-file': join(layout.pki, 'ca.crt'),
    'service-account-private-key-file': join(layout.pki, 'service-account.key'),
    'use-service-account-credentials': 'true',
  });
}

/** The scheduler; one instance, so that it needs no lease. */
export function scheduler(layout: Layout): Component {
  return component('kube-scheduler', 'kube-scheduler', {
    kubeconfig: configFiles(layout).kubeconfig('scheduler'),
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
  });
}

/** The one kube-proxy of all nodes. */
export function kubeProxy(layout: Layout): Component {
  return component('kube-proxy', 'kube-proxy', { config: configFiles(layout).kubeProxy });
}

/** Service DNS, on the bridge. */
export function coreDns(layout: Layout): Component {
  return component('coredns', 'coredns', { conf: configFiles(layout).corefile });
}

/** A node's containerd. */
export function containerd(node: NodeLayout): Component {
  return component(containerdName(node.name), 'containerd', { config: nodeFiles(node).containerd });
}

/** A node's kubelet. */
export function kubelet(layout: Layout, node: NodeLayout): Component {
  return component(kubeletName(node.name), 'kubelet', {
    config: nodeFiles(node).kubelet,
    kubeconfig: configFiles(layout).kubeconfig(node.name),
    'hostname-override': node.name,
    'node-ip': node.address,
    'node-labels': `topology.kubernetes.io/zone=${node.zone},topology.kubernetes.io/region=local`,
    'root-dir': join(node.folder, 'kubelet'),
    'cert-dir': join(node.folder, 'kubelet', 'pki'),
  });
}

/** Every component, in the order in which they start. */
export function allComponents(layout: Layout): Component[] {
  return [
    etcd(layout),
    apiServer(layout),
    controllerManager(layout),
    scheduler(layout),
    ...layout.nodes.map(containerd),
    ...layout.nodes.map((node) => kubelet(layout, node)),
    kubeProxy(layout),
    coreDns(layout),
  ];
}

function component(name: string, program: string, flags: Readonly<Record<string, string>>): Component {
  // One dash or two: etcd, coredns and containerd all take two.
  return { name, program, args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`) };
}
