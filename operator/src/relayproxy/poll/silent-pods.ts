import type { InstanceStatus } from '@flagrelay/crds';
import type { PodFacts } from '../pods/pod-facts.ts';
import { earliest } from '../resources/times.ts';

/** A ready pod has this long to report, and one that reported to apply a changed configuration, ms. */
export const PATIENCE_MS = 90_000;

/** What {@link findSilentPods} looks at. */
export interface SilenceInput {
  /** ms since the epoch */
  readonly now: number;
  readonly pods: readonly PodFacts[];
  /** `status.instances` of these pods. */
  readonly instances: readonly InstanceStatus[];
  /** Hash of the configuration of pods of which it is not known which they were made for. */
  readonly configHash: string;
  /** Since when this operator has seen the pod (by UID) report another configuration; ms since the epoch. */
  readonly outdatedSince: (uid: string) => number | undefined;
  /** True when it turned out that the pod says something else than this report, which does not get through. */
  readonly hasStopped?: (item: InstanceStatus) => boolean;
}

/** Pods that the operator hears nothing, or nothing new of. */
export interface Silence {
  readonly pods: readonly PodFacts[];
  /** When the next pod will have been silent for too long, ms since the epoch. */
  readonly nextAt: number | undefined;
}

/**
 * The ready pods that have not reported in time: no item of their own in `status.instances`, or one that still tells of a
 * configuration that is no longer in force or, as the pod says when it is asked, is no longer true. An item that the operator wrote itself (`polledTime`) is not the pod's own. A
 * pod that is not ready is left alone: kubelet asks it often enough.
 */
export function findSilentPods(input: SilenceInput): Silence {
  const { now, pods, instances } = input;
  const silent: PodFacts[] = [];
  let nextAt: number | undefined;
  for (const pod of pods) {
    if (!pod.ready || pod.address === undefined) continue;
    const item = instances.find(({ uid }) => uid === pod.uid);
    const since = quietSince(pod, item, input);
    if (since === undefined) continue;
    if (since + PATIENCE_MS <= now) silent.push(pod);
    else nextAt = earliest(nextAt, since + PATIENCE_MS);
  }
  return { pods: silent, nextAt };
}

/** True for an item that the pod wrote itself. */
export function isOwnReport(item: InstanceStatus | undefined): item is InstanceStatus {
  return item !== undefined && item.polledTime === undefined;
}

/** True when the item is about another configuration than the one in force. */
export function isOutdated(item: InstanceStatus, configHash: string): boolean {
  return item.configHash !== undefined && item.configHash !== configHash;
}

/** Hash of the configuration that the pod should report: an old pod has its own until it is replaced. */
export function expectedHash(pod: PodFacts | undefined, configHash: string): string {
  return pod?.document?.hash ?? configHash;
}

function quietSince(
  pod: PodFacts,
  item: InstanceStatus | undefined,
  { configHash, outdatedSince, hasStopped }: SilenceInput,
): number | undefined {
  // Asked once, it is asked until it reports: also a pod that is ready since just now.
  if (item?.polledTime !== undefined) return 0;
  if (!isOwnReport(item)) return pod.readySince ?? pod.createdAt ?? 0;
  if (hasStopped?.(item)) return 0;
  return isOutdated(item, expectedHash(pod, configHash)) ? outdatedSince(pod.uid) : undefined;
}
