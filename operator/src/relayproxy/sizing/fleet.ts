/** The vendor's floor: "at least three instances in at least two zones" (operators.md 1). */
export const MIN_PODS = 3;
/** The API allows no more. */
export const MAX_PODS = 100;

/** Over how many zones pods are spread, how unevenly they may be, and what a pod is good for. */
export interface Spread {
  readonly zones: number;
  readonly maxSkew: number;
  /** Most streams that one pod should have to carry. */
  readonly mostPerPod: number;
}

/** Streams that must fit. */
export interface Load {
  /** While all pods are there. */
  readonly all: number;
  /** While the fullest zone is lost. */
  readonly reduced: number;
}

/** A number of pods, and how many streams each of them has room for. */
export interface Fleet {
  readonly pods: number;
  readonly connectionsPerPod: number;
}

/**
 * Pods that may be gone at once: those of the fullest zone. With a single zone there would be nobody left, so that the
 * loss of one pod is counted with then.
 */
export function podsLost(pods: number, { zones, maxSkew }: Pick<Spread, 'zones' | 'maxSkew'>): number {
  if (zones < 2) return Math.min(pods, 1);
  return Math.min(pods, Math.floor((pods + (zones - 1) * maxSkew) / zones));
}

/**
 * The smallest fleet, of three pods at least, that has room for the load. More streams never give fewer pods, nor pods with
 * less room: as long as three pods do, each has what it needs; beyond them each has all that a pod can have. The API's
 * limit of pods caps it.
 */
export function fleetFor(load: Load, spread: Spread): Fleet {
  if (carries(MIN_PODS, load, spread)) return { pods: MIN_PODS, connectionsPerPod: roomNeeded(MIN_PODS, load, spread) };
  let pods = MIN_PODS;
  while (pods < MAX_PODS && !carries(pods, load, spread)) pods += 1;
  return { pods, connectionsPerPod: spread.mostPerPod };
}

/** What each of so many pods must have room for; Infinity when a lost zone leaves none of them. */
export function roomNeeded(pods: number, { all, reduced }: Load, spread: Spread): number {
  return Math.ceil(Math.max(all / pods, reduced / (pods - podsLost(pods, spread))));
}

/** True when so many pods carry the load. */
export function carries(pods: number, load: Load, spread: Spread): boolean {
  return pods > 0 && roomNeeded(pods, load, spread) <= spread.mostPerPod;
}
