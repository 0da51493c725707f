import type { RelayProxy } from '@flagrelay/crds';
import { refKey } from '../../runtime/objects.ts';
import type { Store } from '../../runtime/store-types.ts';
import type { MissingReference } from '../pods/pod-facts.ts';
import type { Claim, ConfigMap } from '../resources/kubernetes-types.ts';
import { identityOf } from '../resources/names.ts';

/** A ConfigMap that the spec refers to and the key that must be in it, where one is named. */
interface ConfigMapReference {
  readonly name: string;
  readonly key: string;
}

/** ConfigMaps of users that are mounted into the pods. */
export function configMapReferences({ spec }: RelayProxy): ConfigMapReference[] {
  const data = (spec.environments ?? []).flatMap((environment) => environment.data?.configMapKeyRef ?? []);
  const archive = spec.offline?.configMapRef;
  return archive && spec.offline ? [...data, { name: archive.name, key: spec.offline.path }] : data;
}

/** Names of the claims of users that are mounted into the pods. */
export function claimReferences({ spec }: RelayProxy): string[] {
  const claim = spec.offline?.persistentVolumeClaim;
  return claim ? [claim.claimName] : [];
}

/** Caches of what specs refer to; of ConfigMaps only the names of the keys are kept. */
export interface ReferenceStores {
  readonly configMaps: Store<ConfigMap>;
  readonly claims: Store<Claim>;
}

/** What the spec refers to and is not there, in the order of the spec. */
export function missingReferences(relayProxy: RelayProxy, stores: ReferenceStores): MissingReference[] {
  const { namespace } = identityOf(relayProxy);
  const missing: MissingReference[] = [];
  for (const { name, key } of configMapReferences(relayProxy)) {
    const found = stores.configMaps.get({ namespace, name });
    if (found === undefined) missing.push({ reason: 'ConfigMapNotFound', what: `ConfigMap "${name}"` });
    else if (!hasKey(found, key)) missing.push({ reason: 'KeyNotFound', what: `key "${key}" of ConfigMap "${name}"` });
  }
  for (const name of claimReferences(relayProxy)) {
    const found = stores.claims.get({ namespace, name });
    if (found === undefined) missing.push({ reason: 'ClaimNotFound', what: `PersistentVolumeClaim "${name}"` });
  }
  return missing;
}

function hasKey({ data = {}, binaryData = {} }: ConfigMap, key: string): boolean {
  return Object.hasOwn(data, key) || Object.hasOwn(binaryData, key);
}

/** Versions of the ConfigMaps that the spec refers to: changes when any of them does. */
export function referenceVersions(relayProxy: RelayProxy, configMaps: Store<ConfigMap>): string[] {
  const { namespace } = identityOf(relayProxy);
  return configMapReferences(relayProxy).map(({ name }) => {
    const found = configMaps.getByKey(refKey({ namespace, name }));
    return `${name}@${found?.metadata?.resourceVersion ?? 'none'}`;
  });
}
