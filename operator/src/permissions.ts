/** One rule of a Role or ClusterRole, as the Kubernetes API spells it. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What server-side apply of a child needs: a patch that creates is also checked for `create`. */
const manage = ['create', 'delete', 'get', 'list', 'patch', 'watch'] as const;
const observe = ['get', 'list', 'watch'] as const;

/**
 * Kinds that may be disabled when the operator is installed (values `features.*` of the chart), with what is then not granted.
 * They are those that the built-in ClusterRole `edit` does not have: who may write RelayProxies has the operator make them.
 */
export const features = {
  httpRoute: { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: manage },
  prometheusRule: { apiGroups: ['monitoring.coreos.com'], resources: ['prometheusrules'], verbs: manage },
  serviceMonitor: { apiGroups: ['monitoring.coreos.com'], resources: ['servicemonitors'], verbs: manage },
} as const satisfies Readonly<Record<string, PolicyRule>>;

/** Name of a kind that can be switched off. */
export type Feature = keyof typeof features;

/**
 * What the operator may do in each namespace it watches. The chart's Role or ClusterRole is generated from this list,
 * so that it cannot ask for more than the code needs. Secrets are not in it: keys reach pods as mounted files.
 *
 * `relayproxies/status` with `get` and `patch`, and `leases` with `get` and `update`, is also what the relays' own Roles
 * grant; nobody may grant what they do not have themselves.
 */
export const permissions: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps', 'serviceaccounts', 'services'], verbs: manage },
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: observe },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'patch', 'watch'] },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: manage },
  // Which pods are of which Deployment: labels are anybody's word.
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: observe },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: manage },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...manage, 'update'].sort() },
  // `list`: what kubelet says of a pod that does not start.
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'list', 'patch'] },
  { apiGroups: ['flagrelay.dev'], resources: ['relayproxies'], verbs: observe },
  { apiGroups: ['flagrelay.dev'], resources: ['relayproxies/status'], verbs: ['get', 'patch'] },
  features.httpRoute,
  features.prometheusRule,
  features.serviceMonitor,
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: manage },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: manage },
  { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings', 'roles'], verbs: manage },
];

/**
 * What the operator may do beside {@link permissions} when it watches the whole cluster: nodes tell the zone of a pod
 * (metadata only). Without it zones come from the pods' own labels and reports.
 */
export const clusterPermissions: readonly PolicyRule[] = [{ apiGroups: [''], resources: ['nodes'], verbs: observe }];

/** Name of the Lease that the leader holds. */
export const leaseName = 'flagrelay-operator';

/** What the operator may do in the namespace of its Lease. */
export const leaderElectionPermissions: readonly PolicyRule[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [leaseName],
    verbs: ['get', 'patch', 'update'],
  },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];
