import type { Scaling } from '../sizing/plan.ts';
import { type PodLoad, recommend } from './recommend.ts';
import { highest, highestUntil, openWindow, recommended, type Window } from './window.ts';

/** Scaling on connections, as the plan asks for it. */
export type ConnectionScaling = Extract<Scaling, { by: 'connections' }>;

/** What must be remembered from one decision to the next. */
export interface ScalingMemory {
  readonly window: Window;
  /** The number of pods when pods were first added within the last period, and when that was, in ms. */
  readonly step: { readonly at: number; readonly replicas: number } | undefined;
}

/** What a decision is made from. */
export interface ScalingInput {
  readonly scaling: ConnectionScaling;
  /** Replicas of the Deployment as they are. */
  readonly current: number;
  readonly loads: readonly PodLoad[];
  /** Monotonic ms. */
  readonly now: number;
}

/** Why the number is what it is. */
export type ScalingReason =
  | 'AsWanted'
  | 'ScalingUp'
  | 'ScalingDown'
  | 'Stabilizing'
  | 'AtMinimum'
  | 'AtMaximum'
  | 'ReportsMissing';

/** How many pods there should be now. */
export interface ScalingDecision {
  readonly replicas: number;
  readonly reason: ScalingReason;
  /** What the streams ask for, before bounds, steps and the window; undefined when too little is known. */
  readonly wanted: number | undefined;
  readonly current: number;
  readonly connections: number;
  readonly silent: number;
  /** ms; decide again then, even if nothing changes. */
  readonly recheckAfterMs: number | undefined;
}

/** Pods are added in steps of at least this time, ms (the HorizontalPodAutoscaler's period). */
const STEP_MS = 15_000;
/** A step may add so many pods, or double them if that is more. */
const STEP_PODS = 4;

/**
 * Decides on the number of pods, and what to remember. Without memory (a new fleet, another leader, scaling was just asked
 * for) a window opens with the number in force, so that no pod is removed before it has passed.
 */
export function decide(
  memory: ScalingMemory | undefined,
  { scaling, current, loads, now }: ScalingInput,
): { readonly decision: ScalingDecision; readonly memory: ScalingMemory } {
  const { min, max, target } = scaling;
  const windowMs = scaling.windowSeconds * 1000;
  const { replicas: wanted, connections, silent } = recommend(loads, current, target);
  const bounded = clamp(wanted ?? current, min, max);
  const window = recommended(memory?.window ?? openWindow(current, now), bounded, now, windowMs);
  const facts = { wanted, current, connections, silent };

  if (bounded > current) {
    const last = memory?.step;
    const step = last !== undefined && now - last.at < STEP_MS ? last : { at: now, replicas: current };
    const limit = Math.max(min, 2 * step.replicas, step.replicas + STEP_PODS);
    const replicas = Math.max(current, Math.min(bounded, limit));
    const recheckAfterMs = replicas < bounded ? step.at + STEP_MS - now : undefined;
    return {
      decision: { ...facts, replicas, reason: reasonFor(wanted, bounded, 'ScalingUp'), recheckAfterMs },
      memory: { window, step },
    };
  }
  const replicas = Math.max(bounded, Math.min(current, max, highest(window)));
  const until = highestUntil(window, windowMs);
  const waits = replicas > bounded;
  const settled = replicas < current ? 'ScalingDown' : 'AsWanted';
  return {
    decision: {
      ...facts,
      replicas,
      reason: waits ? 'Stabilizing' : reasonFor(wanted, bounded, settled),
      recheckAfterMs: waits && until !== undefined ? Math.max(1, until - now) : undefined,
    },
    memory: { window, step: memory?.step },
  };
}

/** Says that a bound had the last word, where one had. */
function reasonFor(wanted: number | undefined, bounded: number, otherwise: ScalingReason): ScalingReason {
  if (wanted === undefined) return 'ReportsMissing';
  if (bounded < wanted) return 'AtMaximum';
  return bounded > wanted ? 'AtMinimum' : otherwise;
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
