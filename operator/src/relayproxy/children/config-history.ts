import type { ConfigMap, Deployment } from '../resources/kubernetes-types.ts';
import { configHistoryAnnotation } from '../resources/names.ts';
import { mountedConfigMap } from '../resources/volumes.ts';
import { isComplete } from '../upgrade/plan.ts';

/** Largest text of a ConfigMap that the API server takes, in bytes (`MaxSecretSize` of its validation). */
export const MAX_CONFIG_BYTES = 1_048_576;

/** While a rollout is not complete, any ReplicaSet may get pods again; that many earlier configurations are kept at least. */
const UNFINISHED_LIMIT = 20;

/** The configuration is larger than a ConfigMap can be. */
export class ConfigTooLargeError extends Error {
  override readonly name = 'ConfigTooLargeError';
}

/** Throws ConfigTooLargeError for a ConfigMap that the API server would not take. */
export function refuseTooLarge({ metadata, data = {} }: ConfigMap): void {
  const bytes = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= MAX_CONFIG_BYTES) return;
  const size = `the configuration has ${bytes} bytes, a ConfigMap holds at most ${MAX_CONFIG_BYTES}`;
  const advice = 'use fewer or shorter `environments[].allowedOrigins` and `allowedHeaders`, or several RelayProxies';
  throw new ConfigTooLargeError(
    `ConfigMap "${metadata?.name}" cannot be written: ${size}; ${advice}. Pods keep the configuration that they have.`,
  );
}

/** What {@link configHistory} is made from. */
export interface ConfigHistoryRequest {
  readonly live: Deployment | undefined;
  /** Name of the ConfigMap that the Deployment is about to mount. */
  readonly current: string;
  /** Names of the ConfigMaps that pods mount. */
  readonly used: ReadonlySet<string>;
  /** `spec.rollout.revisionHistoryLimit` */
  readonly limit: number;
}

/**
 * Earlier ConfigMaps that a pod, or a ReplicaSet that may get pods again, mounts: newest first, those that pods mount before
 * the others. Once a rollout is complete there are as many as there are old ReplicaSets, so that `kubectl rollout undo` finds
 * its own; while none is, more, but never more than pods mount and a fixed number. It is kept on the Deployment, like the
 * revisions that it goes with, and changes only with what the Deployment mounts and when a rollout is complete.
 */
export function configHistory({ live, current, used, limit }: ConfigHistoryRequest): string[] {
  if (live === undefined) return [];
  const mounted = mountedConfigMap(live.spec?.template.spec);
  const noted = historyOf(live);
  if (mounted === current) return isComplete(live) ? noted.slice(0, limit) : noted;
  const all = [...new Set([...(mounted === undefined ? [] : [mounted]), ...noted])].filter((name) => name !== current);
  // With what pods mount now, so that a ConfigMap outlives the moments in which it has no pod.
  const inUse = [...used].filter((name) => name !== current && !all.includes(name)).sort();
  const ordered = [...all.filter((name) => used.has(name)), ...inUse, ...all.filter((name) => !used.has(name))];
  return ordered.slice(0, Math.max(isComplete(live) ? 1 : UNFINISHED_LIMIT, limit));
}

/** Every ConfigMap that the Deployment mounts, or noted that an earlier revision of it does. */
export function configMapsOf(live: Deployment | undefined): string[] {
  const mounted = mountedConfigMap(live?.spec?.template.spec);
  return [...(mounted === undefined ? [] : [mounted]), ...(live === undefined ? [] : historyOf(live))];
}

function historyOf({ metadata }: Deployment): string[] {
  const text = metadata?.annotations?.[configHistoryAnnotation];
  return text === undefined || text === '' ? [] : text.split(',');
}
