import type { RelayProxy } from '@flagrelay/crds';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { Store } from '../../runtime/store-types.ts';
import { type ConfigMap, types } from '../resources/kubernetes-types.ts';
import { identityOf } from '../resources/names.ts';
import { ownerReference, ownershipOf } from './ownership.ts';
import { refuseDeleted } from './refuse-deleted.ts';

/** What one look at the configurations of a RelayProxy takes. */
export interface KeepRequest {
  readonly relayProxy: RelayProxy;
  /** ConfigMaps that pods mount, or that new pods of the live Deployment would; without those that are applied anyway. */
  readonly names: readonly string[];
  readonly store: Store<KubernetesObject>;
  readonly signal: AbortSignal;
}

/** Puts back configurations that the spec no longer says how to make: those of an earlier template, or of an earlier release. */
export interface ConfigKeeper {
  /**
   * Makes each that is gone again, as it was when it was last in the cache; answers their names. After a restart of the
   * operator only what is there then is known. One that an orphan delete left behind is adopted, so that it goes once no pod
   * mounts it. Throws what the client throws, and LeftoverError.
   */
  keep(request: KeepRequest): Promise<string[]>;
  forget(uid: string): void;
}

/** Makes a {@link ConfigKeeper}. It holds what the cache holds, and of each RelayProxy only what its pods mount. */
export function createConfigKeeper(client: RestClient): ConfigKeeper {
  const known = new Map<string, ReadonlyMap<string, ConfigMap>>();

  /** As it was, and ours. */
  async function put(relayProxy: RelayProxy, { metadata = {}, data = {} }: ConfigMap, signal: AbortSignal) {
    const { name = '', namespace, labels, annotations } = metadata;
    const same = {
      name,
      ...(namespace && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    };
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...same, ownerReferences: [ownerReference(relayProxy)] },
      data,
    };
    await client.apply(types.configMap, object, { force: true, signal });
  }

  return {
    async keep({ relayProxy, names, store, signal }) {
      const { uid = '' } = relayProxy.metadata;
      const { namespace } = identityOf(relayProxy);
      const before = known.get(uid);
      const now = new Map<string, ConfigMap>();
      const restored: string[] = [];
      const gone: ConfigMap[] = [];
      for (const name of new Set(names)) {
        const live = store.get({ namespace, name }) as ConfigMap | undefined;
        const found = live ?? before?.get(name);
        if (found === undefined) continue;
        now.set(name, found);
        if (live === undefined) gone.push(found);
        else if (ownershipOf(live, relayProxy, '') === 'orphan') {
          await refuseDeleted(client, relayProxy, `ConfigMap "${name}"`, signal);
          await put(relayProxy, live, signal);
        }
      }
      if (now.size > 0) known.set(uid, now);
      else known.delete(uid);
      for (const configMap of gone) {
        await put(relayProxy, configMap, signal);
        restored.push(configMap.metadata?.name ?? '');
      }
      return restored;
    },
    forget: (uid) => void known.delete(uid),
  };
}
