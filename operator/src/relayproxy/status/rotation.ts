import type { InstanceStatus } from '@flagrelay/crds';
import { fromTime, toTime } from './times.ts';

/** kubelets refresh mounted Secrets within this time of each other: later is another rotation, ms. */
const ONE_ROTATION_MS = 180_000;

/**
 * When pods last began to take up changed keys: the time of the first pod, as those that follow within minutes belong to
 * the same rotation. It outlives the pods. Undefined when there was no rotation yet.
 */
export function rotatedTime(previous: string | undefined, instances: readonly InstanceStatus[]): string | undefined {
  const times = instances
    .flatMap(({ credentialsRotatedTime }) => fromTime(credentialsRotatedTime) ?? [])
    .sort((a, b) => a - b);
  const before = fromTime(previous) ?? Number.NEGATIVE_INFINITY;
  const first = times.find((time) => time > before + ONE_ROTATION_MS);
  return first === undefined ? previous : toTime(first);
}
