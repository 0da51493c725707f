import { isEven, isUneven, type PodStreams, type ShedOrder, shedOrders } from './imbalance.ts';

/** What must be remembered from one look at a fleet to the next. Times in ms. */
export interface RebalanceMemory {
  /** Since when streams are uneven; undefined while they are not. */
  readonly since: number | undefined;
  /** When pods were last asked to close streams. */
  readonly orderedAt: number | undefined;
  /** How often these very pods were asked since they were last even. */
  readonly rounds: number;
  /** The pods that it is about. */
  readonly pods: string;
}

/** What is to be done now. */
export interface RebalanceDecision {
  readonly orders: readonly ShedOrder[];
  /** ms; look again then, even if nothing changes. */
  readonly recheckAfterMs: number | undefined;
}

/** Streams must have been uneven for this long, ms: a fleet that has just changed is still finding its place. */
export const HOLD_MS = 30_000;
/** Over how long pods spread the closing, ms. */
export const OVER_MS = 45_000;
/** Time from one order to the next, ms: the first one is over, and pods have reported what came of it. */
export const INTERVAL_MS = OVER_MS + 15_000;
/** Where the streams are still uneven after so many orders, something else than their age keeps them so. */
const MAX_ROUNDS = 10;

/** Nothing is known of a fleet. */
export const fresh: RebalanceMemory = { since: undefined, orderedAt: undefined, rounds: 0, pods: '' };

/**
 * Decides which pods should close some of their streams. `pods`: all ready pods; undefined while the fleet is changing
 * or somebody has not reported, when nothing may be done. Orders are spaced, bounded in number, and given only while streams
 * have been uneven for a while; they stop when the streams are even, not as soon as they are no longer uneven.
 */
export function decideRebalance(
  memory: RebalanceMemory,
  pods: readonly PodStreams[] | undefined,
  now: number,
): { readonly decision: RebalanceDecision; readonly memory: RebalanceMemory } {
  const nothing: RebalanceDecision = { orders: [], recheckAfterMs: undefined };
  if (pods === undefined) return { decision: nothing, memory: { ...memory, since: undefined } };
  const names = pods
    .map(({ uid }) => uid)
    .sort()
    .join();
  const known = names === memory.pods ? memory : { ...fresh, orderedAt: memory.orderedAt, pods: names };
  const running = known.since !== undefined && known.rounds > 0;
  if (running ? isEven(pods) : !isUneven(pods)) {
    return { decision: nothing, memory: { ...known, since: undefined, rounds: isEven(pods) ? 0 : known.rounds } };
  }
  const since = known.since ?? now;
  if (known.rounds >= MAX_ROUNDS) return { decision: nothing, memory: { ...known, since } };
  const due = Math.max(since + HOLD_MS, (known.orderedAt ?? Number.NEGATIVE_INFINITY) + INTERVAL_MS);
  if (now < due) return { decision: { orders: [], recheckAfterMs: due - now }, memory: { ...known, since } };
  return {
    decision: { orders: shedOrders(pods), recheckAfterMs: INTERVAL_MS },
    memory: { ...known, since, orderedAt: now, rounds: known.rounds + 1 },
  };
}
