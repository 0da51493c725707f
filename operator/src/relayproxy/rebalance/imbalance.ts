/** Open streams of one pod. */
export interface PodStreams {
  readonly uid: string;
  readonly connections: number;
}

/** Share (0 to 1) of its streams that a pod should close. */
export interface ShedOrder {
  readonly uid: string;
  readonly share: number;
}

/** A pod is asked to close no more than this share of its streams at a time. */
export const MAX_SHARE = 0.2;
/** It is not asked for less than this. */
const LEAST_SHARE = 0.01;

/** A pod with less than this share of the mean makes a fleet uneven … */
const UNEVEN = 0.5;
/** … and none with less than this one makes it even again. */
const EVEN = 0.75;
/**
 * Chance alone spreads streams unevenly: by about the root of the mean, and hardly ever by three times that. What chance
 * does cannot be undone by letting it choose again.
 */
const BY_CHANCE = 3;
const BY_CHANCE_AT_THE_END = 2;

/** True when some pod has far fewer streams than the others, and not by chance. */
export function isUneven(pods: readonly PodStreams[]): boolean {
  const { mean, least } = spread(pods);
  return least < UNEVEN * mean && mean - least > BY_CHANCE * Math.sqrt(mean);
}

/** True when no pod has much fewer streams than the others; between even and uneven is a gap, so that it is not one or the other by turns. */
export function isEven(pods: readonly PodStreams[]): boolean {
  const { mean, least } = spread(pods);
  return least >= EVEN * mean || mean - least <= BY_CHANCE_AT_THE_END * Math.sqrt(mean);
}

/**
 * Which pods should close how much. Clients come back to any pod, to those that they were on as well: of what all pods close
 * each gets its share again, so that a pod must close what it has above the mean as many times as there are pods. Never
 * more than {@link MAX_SHARE} at a time; pods at or below the mean nothing.
 */
export function shedOrders(pods: readonly PodStreams[]): ShedOrder[] {
  const { mean } = spread(pods);
  return pods.flatMap(({ uid, connections }) => {
    if (connections <= mean) return [];
    const share = Math.min(MAX_SHARE, ((connections - mean) / connections) * pods.length);
    return share < LEAST_SHARE ? [] : [{ uid, share: Math.floor(share * 100) / 100 }];
  });
}

/** The mean and the least number of streams; zeros for no pods. */
export function spread(pods: readonly PodStreams[]): { readonly mean: number; readonly least: number } {
  if (pods.length === 0) return { mean: 0, least: 0 };
  const counts = pods.map(({ connections }) => connections);
  return { mean: counts.reduce((sum, count) => sum + count, 0) / pods.length, least: Math.min(...counts) };
}
