import type { Feature } from '../permissions.ts';
import {
  createInformer,
  createKindDiscovery,
  createOptionalInformer,
  type InformerOptions,
  type KindDiscovery,
  type Logger,
  type RestClient,
  type RuntimeMetrics,
} from '../runtime/index.ts';
import type { KubernetesObject, ResourceType } from '../runtime/objects.ts';
import { controllerOf, refKey } from '../runtime/objects.ts';
import type { Informer, Store } from '../runtime/store-types.ts';
import { type ChildStores, childTypes, disabledTypes, optionalTypes } from './children/children.ts';
import { createFieldRecords } from './children/field-records.ts';
import { ownerIndex } from './children/prune.ts';
import { parsed } from './parsed.ts';
import {
  type Claim,
  type ConfigMap,
  type Deployment,
  type Node,
  type Pod,
  type RawRelayProxy,
  type ReplicaSet,
  types,
} from './resources/kubernetes-types.ts';
import { identityOf, instanceLabel, managedSelector, notManagedSelector } from './resources/names.ts';
import { configVolume, mountedConfigMap } from './resources/volumes.ts';
import { claimReferences, configMapReferences } from './status/references.ts';
import { upgradeIndex, upgradeKeys } from './upgrade/gate.ts';

/** Names of the other indexes. */
export const indexes = {
  /** RelayProxies by the `namespace/name` of a ConfigMap that they refer to. */
  configMap: 'configMap',
  /** RelayProxies by the `namespace/name` of a claim that they refer to. */
  claim: 'claim',
  /** Pods by the `namespace/name` of their RelayProxy. */
  relayProxy: 'relayProxy',
  /** ReplicaSets by their UID. */
  uid: 'uid',
  /** Pods by the name of their node. */
  node: 'node',
} as const;

/** Everything that the operator watches. */
export interface Caches {
  readonly relayProxies: Informer<RawRelayProxy>;
  readonly pods: Informer<Pod>;
  /** ReplicaSets of the fleets: metadata only. */
  readonly replicaSets: Informer<ReplicaSet>;
  /** Undefined when only some namespaces are watched: nodes are in none. */
  readonly nodes: Informer<Node> | undefined;
  /** ConfigMaps of users: names of keys and versions, no content. */
  readonly configMaps: Informer<ConfigMap>;
  readonly claims: Informer<Claim>;
  readonly children: readonly Informer<KubernetesObject>[];
  readonly childStores: ChildStores;
  /** Length of the text of the shared records of fields; see createFieldRecords. */
  readonly fieldRecordCharacters: () => number;
  /** Which of the kinds that a cluster may not have are there; it must run for the caches to fill. */
  readonly discovery: KindDiscovery;
  /** Kinds that are switched off: nobody looks for them. */
  readonly disabled: ReadonlySet<ResourceType>;
  /** Calls the handler when such a kind comes or goes, and again when the cache of one that came is filled. */
  onOptionalKinds(handler: () => void): void;
  /** All of the caches above. */
  readonly all: readonly Informer<KubernetesObject>[];
}

/** Which namespaces and kinds are cached, and the client that lists and watches them. */
export interface CachesOptions {
  readonly client: RestClient;
  /** Undefined: the whole cluster. */
  readonly namespaces: readonly string[] | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  readonly disabledFeatures: readonly Feature[];
}

/** Makes the caches; they fill once their informers run. What nobody reads is dropped before it is stored. */
export function createCaches({ client, namespaces, logger, metrics, disabledFeatures }: CachesOptions): Caches {
  const informer = <T extends KubernetesObject>(
    type: ResourceType<T>,
    options: Partial<InformerOptions<T>>,
  ): Informer<T> => createInformer<T>({ client, type, namespaces, logger, metrics, ...options });

  const relayProxies = informer(types.relayProxy, {
    indexes: { [indexes.configMap]: referencedConfigMaps, [indexes.claim]: referencedClaims },
  });
  const pods = informer(types.pod, {
    labelSelector: managedSelector,
    transform: slimPod,
    indexes: {
      [indexes.relayProxy]: relayProxyOfPod,
      [indexes.node]: (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []),
    },
  });
  const replicaSets = informer(types.replicaSet, {
    labelSelector: managedSelector,
    transform: slimReplicaSet,
    indexes: { [indexes.uid]: ({ metadata }) => (metadata?.uid ? [metadata.uid] : []) },
  });
  const nodes =
    namespaces === undefined ? informer(types.node, { transform: ({ metadata = {} }) => ({ metadata }) }) : undefined;
  const configMaps = informer(types.configMap, { labelSelector: notManagedSelector, transform: withoutValues });
  const claims = informer(types.claim, { transform: ({ metadata = {} }) => ({ metadata }) });
  const disabled = disabledTypes(disabledFeatures);
  const sought = optionalTypes.filter((type) => !disabled.has(type));
  const discovery = createKindDiscovery({ client, types: sought, logger });
  const optionalHandlers = new Set<() => void>();
  const tell = () => {
    for (const handler of optionalHandlers) handler();
  };
  discovery.onChange(tell);
  const records = createFieldRecords();
  const childInformer = (type: ResourceType): Informer<KubernetesObject> => {
    const selected = {
      labelSelector: managedSelector,
      indexes: { [ownerIndex]: ownerUids },
      // Whether a field is still ours is known from there alone.
      keepManagedFields: true,
      transform: records.share,
    };
    if (optionalTypes.includes(type)) {
      const common = { client, type, namespaces, logger, metrics };
      const found = disabled.has(type) ? NEVER_THERE : discovery;
      return createOptionalInformer({ ...common, ...selected, discovery: found, onFilled: tell });
    }
    if (type === types.deployment) {
      const upgrades = { [upgradeIndex]: upgradeKeys as (object: KubernetesObject) => readonly string[] };
      return informer(type, { ...selected, indexes: { ...selected.indexes, ...upgrades } });
    }
    // A Lease is renewed all the time; who holds it is the pods' business.
    const lease = { transform: ({ metadata = {} }: KubernetesObject) => records.share({ metadata }) };
    return informer(type, type === types.lease ? { ...selected, ...lease } : selected);
  };
  const childInformers = new Map(childTypes.map((type) => [type, childInformer(type)]));
  const children = [...childInformers.values()];
  const of = (type: ResourceType): Store<KubernetesObject> => {
    const found = childInformers.get(type);
    if (found === undefined) throw new RangeError(`${type.kind} is not a kind of child`);
    return found.store;
  };
  return {
    relayProxies,
    pods,
    replicaSets,
    nodes,
    configMaps,
    claims,
    children,
    childStores: { deployment: of(types.deployment) as Store<Deployment>, of },
    fieldRecordCharacters: () => records.characters,
    discovery,
    disabled,
    onOptionalKinds: (handler) => void optionalHandlers.add(handler),
    all: [relayProxies, pods, replicaSets, ...(nodes ? [nodes] : []), configMaps, claims, ...children],
  };
}

/** Discovery of a kind that the operator may not even list. */
const NEVER_THERE: Pick<KindDiscovery, 'serves' | 'onChange'> = {
  serves: () => false,
  onChange: () => () => undefined,
};

function referencedConfigMaps(raw: RawRelayProxy): string[] {
  const result = parsed(raw);
  if (!result.ok) return [];
  const { namespace } = identityOf(result.value);
  return configMapReferences(result.value).map(({ name }) => refKey({ namespace, name }));
}

function referencedClaims(raw: RawRelayProxy): string[] {
  const result = parsed(raw);
  if (!result.ok) return [];
  const { namespace } = identityOf(result.value);
  return claimReferences(result.value).map((name) => refKey({ namespace, name }));
}

/** Key of the RelayProxy that a pod, or its ReplicaSet, belongs to if its labels are true; see `fleet-pods.ts`. */
export function relayProxyOfPod({ metadata }: KubernetesObject): string[] {
  const name = metadata?.labels?.[instanceLabel];
  return name === undefined ? [] : [refKey({ name, namespace: metadata?.namespace })];
}

function ownerUids(object: KubernetesObject): string[] {
  const uid = controllerOf(object)?.uid;
  return uid === undefined ? [] : [uid];
}

/** A pod without its template, which is most of it; of its volumes only the one with its configuration. */
function slimPod({ metadata = {}, spec, status }: Pod): Pod {
  const { phase, conditions, containerStatuses, initContainerStatuses, podIP } = status ?? {};
  const configMap = mountedConfigMap(spec);
  return {
    metadata,
    spec: {
      containers: [],
      ...(spec?.nodeName && { nodeName: spec.nodeName }),
      ...(configMap !== undefined && { volumes: [configVolume(configMap).volume] }),
      ...(spec?.hostNetwork && { hostNetwork: true }),
    },
    status: {
      ...(phase && { phase }),
      ...(podIP && { podIP }),
      ...(conditions && { conditions }),
      ...(containerStatuses && { containerStatuses }),
      ...(initContainerStatuses && { initContainerStatuses }),
    },
  };
}

/** A ReplicaSet: who it is and whose; it changes with every pod that comes or goes. */
function slimReplicaSet({ metadata = {} }: ReplicaSet): ReplicaSet {
  const { name, namespace, uid, resourceVersion, labels = {}, ownerReferences } = metadata;
  const instance = labels[instanceLabel];
  return {
    metadata: {
      ...{ name, namespace, uid, resourceVersion, ownerReferences },
      labels: instance === undefined ? {} : { [instanceLabel]: instance },
    } as NonNullable<ReplicaSet['metadata']>,
  };
}

/** A ConfigMap of somebody: which keys it has, not what is in them. */
function withoutValues({ metadata = {}, data, binaryData }: ConfigMap): ConfigMap {
  const keys = [...Object.keys(data ?? {}), ...Object.keys(binaryData ?? {})];
  return { metadata, data: Object.fromEntries(keys.map((key) => [key, ''])) };
}
