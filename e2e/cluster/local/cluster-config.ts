import { join } from 'node:path';
import type { Layout } from './layout.ts';

/** Paths of the configuration files that are not a node's. */
export function configFiles(layout: Layout) {
  const file = (name: string) => join(layout.config, name);
  return {
    auditPolicy: file('audit-policy.json'),
    kubeProxy: file('kube-proxy.json'),
    corefile: file('Corefile'),
    resolvConf: file('resolv.conf'),
    kubeconfig: (user: string) => file(`${user}.kubeconfig`),
  };
}

/** A kubeconfig for the user whose certificate is `pki/USER.crt`. */
export function kubeconfig(layout: Layout, user: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'flagrelay-local',
    clusters: [
      {
        name: 'flagrelay-local',
        cluster: {
          server: `https://127.0.0.1:${layout.apiServerPort}`,
          'certificate-authority': join(layout.pki, 'ca.crt'),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate': join(layout.pki, `${user}.crt`),
          'client-key': join(layout.pki, `${user}.key`),
        },
      },
    ],
    contexts: [{ name: 'flagrelay-local', context: { cluster: 'flagrelay-local', user } }],
  };
}

/** Writes only, who and what but no bodies: enough for a test to count them, and no Secret's content in a file. */
export const auditPolicy: object = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', verbs: ['get', 'list', 'watch'] }, { level: 'Metadata' }],
};

/**
 * One kube-proxy serves all nodes, as they share the machine's network. It takes itself for the first node's, so that
 * Services which prefer endpoints of the client's zone or node prefer those of that one.
 *
 * @param bridgeCallsIptables whether packets between two ports of a bridge pass iptables; where not, a Service's
 *   answer would miss its translation, so that everything is masqueraded instead
 */
export function kubeProxyConfig(layout: Layout, bridgeCallsIptables: boolean): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clusterCIDR: layout.podCidr,
    hostnameOverride: layout.nodes[0]!.name,
    bindAddress: layout.hostAddress,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    clientConnection: { kubeconfig: configFiles(layout).kubeconfig('proxy') },
    iptables: { masqueradeAll: !bridgeCallsIptables, localhostNodePorts: false, minSyncPeriod: '0s' },
    // The limits of the machine's connection table are not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}

/** In-cluster names only: the cluster has no way out, and a name outside does not exist, at once. */
export function corefile(layout: Layout): string {
  return `cluster.local:53 10.in-addr.arpa:53 {
  bind ${layout.hostAddress}
  errors
  kubernetes cluster.local 10.in-addr.arpa {
    kubeconfig ${configFiles(layout).kubeconfig('coredns')}
    ttl 5
  }
  ready 127.0.0.1:18181
}

.:53 {
  bind ${layout.hostAddress}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}

/** What CoreDNS, which runs outside the cluster, may read in it. */
export const dnsPermissions: readonly object[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'flagrelay-local-dns' },
    rules: [
      { apiGroups: [''], resources: ['endpoints', 'namespaces', 'pods', 'services'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'flagrelay-local-dns' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'flagrelay-local-dns' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'coredns' }],
  },
];
