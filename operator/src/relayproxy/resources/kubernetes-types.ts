import { group, kind, names, type RelayProxy, version } from '@flagrelay/crds';
import type {
  V1ConfigMap,
  V1Deployment,
  V1Ingress,
  V1Lease,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import type { AlertingRule } from '../../monitoring/alert.ts';
import type { AsJson, KubernetesObject, ObjectMeta, ResourceType } from '../../runtime/objects.ts';

/** A client-node type on the wire, with the metadata that the runtime reads. */
type OnWire<T> = Omit<AsJson<T>, 'metadata'> & { metadata?: ObjectMeta };

export type Pod = OnWire<V1Pod>;
export type Node = OnWire<V1Node>;
/** Who made which pods: its metadata alone is read. */
export type ReplicaSet = KubernetesObject;
/** An Event of the newer group, as far as it is read. */
export interface ClusterEvent extends KubernetesObject {
  reason?: string;
  note?: string;
  type?: string;
  eventTime?: string | null;
  series?: { lastObservedTime?: string };
  deprecatedLastTimestamp?: string | null;
}
export type Deployment = OnWire<V1Deployment>;
export type ConfigMap = OnWire<V1ConfigMap>;
export type Claim = OnWire<V1PersistentVolumeClaim>;
/** A RelayProxy as the API server sends it: not yet parsed, so only its metadata and status are sure. */
export type RawRelayProxy = KubernetesObject & { spec?: unknown; status?: RelayProxy['status'] };

/** An HTTPRoute of the Gateway API, as far as this operator writes it. */
export interface HttpRoute extends KubernetesObject {
  spec: {
    parentRefs: object[];
    hostnames?: string[];
    rules: {
      matches: { path: { type: string; value: string } }[];
      backendRefs: { name: string; port: number }[];
      timeouts?: { request: string; backendRequest: string };
    }[];
  };
}

/** A ServiceMonitor of the Prometheus Operator, as far as this operator writes it. */
export interface ServiceMonitor extends KubernetesObject {
  spec: {
    selector: { matchLabels: Record<string, string> };
    endpoints: { port: string; path: string; interval: string }[];
  };
}

/** A PrometheusRule of the Prometheus Operator, as far as this operator writes it. */
export interface PrometheusRule extends KubernetesObject {
  spec: { groups: { name: string; rules: readonly AlertingRule[] }[] };
}

function namespaced<T extends KubernetesObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
): ResourceType<T> {
  return { group, version, kind, plural, namespaced: true };
}

/** The kinds that the operator watches or writes. */
export const types = {
  relayProxy: namespaced<RawRelayProxy>(group, version, kind, names.plural),
  pod: namespaced<Pod>('', 'v1', 'Pod', 'pods'),
  node: { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false } as ResourceType<Node>,
  claim: namespaced<Claim>('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  configMap: namespaced<ConfigMap>('', 'v1', 'ConfigMap', 'configmaps'),
  service: namespaced<OnWire<V1Service>>('', 'v1', 'Service', 'services'),
  serviceAccount: namespaced<OnWire<V1ServiceAccount>>('', 'v1', 'ServiceAccount', 'serviceaccounts'),
  replicaSet: namespaced<ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets'),
  event: namespaced<ClusterEvent>('events.k8s.io', 'v1', 'Event', 'events'),
  deployment: namespaced<Deployment>('apps', 'v1', 'Deployment', 'deployments'),
  horizontalPodAutoscaler: namespaced<OnWire<V2HorizontalPodAutoscaler>>(
    'autoscaling',
    'v2',
    'HorizontalPodAutoscaler',
    'horizontalpodautoscalers',
  ),
  lease: namespaced<OnWire<V1Lease>>('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  httpRoute: namespaced<HttpRoute>('gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes'),
  ingress: namespaced<OnWire<V1Ingress>>('networking.k8s.io', 'v1', 'Ingress', 'ingresses'),
  networkPolicy: namespaced<OnWire<V1NetworkPolicy>>('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies'),
  podDisruptionBudget: namespaced<OnWire<V1PodDisruptionBudget>>(
    'policy',
    'v1',
    'PodDisruptionBudget',
    'poddisruptionbudgets',
  ),
  role: namespaced<OnWire<V1Role>>('rbac.authorization.k8s.io', 'v1', 'Role', 'roles'),
  serviceMonitor: namespaced<ServiceMonitor>('monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'),
  prometheusRule: namespaced<PrometheusRule>('monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'),
  roleBinding: namespaced<OnWire<V1RoleBinding>>('rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rolebindings'),
} as const;
