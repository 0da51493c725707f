import type { PodFacts } from '../pods/pod-facts.ts';

/** Pods of one zone. */
export interface ZoneCount {
  readonly name: string;
  readonly replicas: number;
  readonly readyReplicas: number;
}

/** The API refuses longer lists. */
const MAX_ZONES = 32;

/** Counts pods by zone, in order of the zones' names; pods that are being deleted, or have no zone, do not count. */
export function zonesOf(pods: readonly PodFacts[]): ZoneCount[] {
  const byZone = Map.groupBy(
    pods.filter((pod) => !pod.terminating && pod.zone !== undefined),
    (pod) => pod.zone as string,
  );
  return [...byZone]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MAX_ZONES)
    .map(([name, members]) => ({
      name,
      replicas: members.length,
      readyReplicas: members.filter((pod) => pod.ready).length,
    }));
}
