import { isNotFound } from '@flagrelay/kube/api-error';
import type { RestClient } from '../../runtime/rest-types.ts';
import { hashOf } from '../resources/hash.ts';
import { type Pod, types } from '../resources/kubernetes-types.ts';
import { configHashAnnotation, fieldManager } from '../resources/names.ts';
import { mountedConfigMap } from '../resources/volumes.ts';
import { isFinished } from '../status/pods.ts';

/** What one look at the mounted files of a RelayProxy takes. */
export interface RefreshRequest {
  readonly uid: string;
  /** The ConfigMap with the configuration of the newest pods; those of others are no longer written. */
  readonly configMap: string;
  /** Changes when its content does. */
  readonly document: string;
  /** Changes when any ConfigMap of users changes that pods mount. */
  readonly references: string;
  /** True when the operator changed the configuration just now, so that running pods have an older one. */
  readonly changedNow: boolean;
  readonly pods: readonly Pod[];
  readonly signal: AbortSignal;
}

/** Makes kubelet refresh mounted files at once. */
export interface MountRefresher {
  /**
   * Touches an annotation of the running pods that mount a ConfigMap that changed since the last call. kubelet then
   * refreshes the files at once instead of within about a minute; it does the latter anyway, so that a change that
   * nobody watched, such as during a restart of the operator, is only late. Answers how many pods were touched.
   */
  refresh(request: RefreshRequest): Promise<number>;
  forget(uid: string): void;
}

/** Makes a {@link MountRefresher} that remembers the version each RelayProxy had. */
export function createMountRefresher(client: RestClient): MountRefresher {
  const versions = new Map<string, Pick<RefreshRequest, 'document' | 'references'>>();
  return {
    async refresh({ uid, configMap, document, references, changedNow, pods, signal }) {
      const before = versions.get(uid);
      const byUsers = before !== undefined && before.references !== references;
      const byUs = changedNow || (before !== undefined && before.document !== document);
      const version = hashOf([document, references]);
      let touched = 0;
      for (const pod of pods) {
        if (!byUsers && !(byUs && mountedConfigMap(pod.spec) === configMap)) continue;
        if (await touch(client, pod, version, signal)) touched += 1;
      }
      versions.set(uid, { document, references });
      return touched;
    },
    forget: (uid) => void versions.delete(uid),
  };
}

async function touch(client: RestClient, pod: Pod, version: string, signal: AbortSignal): Promise<boolean> {
  const { name = '', namespace, annotations, deletionTimestamp } = pod.metadata ?? {};
  if (deletionTimestamp !== undefined || isFinished(pod) || annotations?.[configHashAnnotation] === version)
    return false;
  const body = { metadata: { annotations: { [configHashAnnotation]: version } } };
  try {
    await client.patch(types.pod, { name, namespace }, { type: 'merge', body }, { fieldManager, signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
