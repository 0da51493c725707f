import type { InstanceStatus } from '@flagrelay/crds';
import { fromTime, toTime } from '../resources/times.ts';

/** kubelets refresh mounted Secrets within this time of each other: later is another rotation, ms. */
const ONE_ROTATION_MS = 180_000;

/**
 * When pods last began to apply changed keys: the time of the first pod, as those that follow within minutes belong to
 * the same rotation. It outlives the pods. Undefined when there was no rotation yet.
 */
export function rotatedTime(previous: string | undefined, instances: readonly InstanceStatus[]): string | undefined {
  const times = instances
    .flatMap(({ credentialsRotatedTime }) => fromTime(credentialsRotatedTime) ?? [])
    .sort((a, b) => a - b);
  let last = fromTime(previous) ?? Number.NEGATIVE_INFINITY;
  for (const time of times) if (time > last + ONE_ROTATION_MS) last = time;
  return Number.isFinite(last) ? toTime(last) : previous;
}
