import type { Lease } from './lease.ts';

/** A moment on both clocks of one process, in ms. */
export interface Moment {
  /** Monotonic; it may stand still while the machine is suspended. */
  readonly mono: number;
  /** Since 1970; an administrator may set it. */
  readonly wall: number;
}

/** A Lease as it was last read, and when on our monotonic clock it was first seen at that version. */
export interface Sighting {
  readonly lease: Lease;
  readonly at: number;
}

/** Who takes part, and the times that all candidates share; in ms. */
export interface Candidacy {
  /** Of this process and no other, not even of its successor in the same pod. */
  readonly identity: string;
  /** Others take the Lease when they have not seen it renewed for this long. */
  readonly leaseMs: number;
  /** The holder stops acting when it could not renew for this long; less than `leaseMs` by the time that stopping takes. */
  readonly deadlineMs: number;
}

/** Why leadership ended before the process gave it up. */
export type Loss = 'not renewed in time' | 'another process holds the lease' | 'the lease was deleted';

/**
 * What one candidate knows of its election. Transitions are the functions below; any other pair of states has none:
 *
 * | from            | by                                | to                                |
 * | --------------- | --------------------------------- | --------------------------------- |
 * | unseen          | `sighted`                         | standby, absent                   |
 * | absent, standby | `sighted`                         | standby, absent                   |
 * | absent, standby | `held`                            | leading                           |
 * | leading         | `held`, `doubted`                 | leading                           |
 * | leading         | `sighted` with a name of another  | lost                              |
 * | leading         | `lapsed`                          | lost                              |
 * | leading         | `resigned`                        | standby, absent                   |
 * | lost            | `reentered`                       | standby, absent                   |
 *
 * `lost` is left by `reentered` alone: an answer that comes late never brings leadership back.
 */
export type ElectionState =
  /** Nothing has been read yet. */
  | { readonly name: 'unseen' }
  /** There is no Lease. */
  | { readonly name: 'absent' }
  /** The Lease is there, and free or another's. */
  | { readonly name: 'standby'; readonly seen: Sighting }
  /**
   * This process holds the Lease by a renewal that was *begun* at `renewed`. In doubt, the Lease has to be read before it is written:
   * a request failed that may have been carried out. Without `seen` the Lease was deleted under us.
   */
  | {
      readonly name: 'leading';
      readonly seen: Sighting | undefined;
      readonly renewed: Moment;
      readonly inDoubt: boolean;
    }
  /** Leadership ended against our will. */
  | { readonly name: 'lost'; readonly seen: Sighting | undefined; readonly why: Loss };

/** The state of a candidate that knows nothing. */
export const UNSEEN: ElectionState = { name: 'unseen' };

/** The Lease was read (undefined: there is none) at `mono`. */
export function sighted(
  state: ElectionState,
  lease: Lease | undefined,
  mono: number,
  candidacy: Candidacy,
): ElectionState {
  if (state.name === 'lost') return state;
  const seen = lease && sightingOf(state, lease, mono);
  if (state.name !== 'leading') return seen ? { name: 'standby', seen } : { name: 'absent' };
  const holder = lease?.spec?.holderIdentity ?? '';
  if (holder !== '' && holder !== candidacy.identity) {
    return { name: 'lost', seen, why: 'another process holds the lease' };
  }
  return { ...state, seen, inDoubt: false };
}

/** A write of ours that was begun at `begun` was carried out; `lease` is what the server has now. */
export function held(state: ElectionState, lease: Lease, begun: Moment, mono: number): ElectionState {
  if (state.name === 'lost' || state.name === 'unseen') return state;
  return { name: 'leading', seen: sightingOf(state, lease, mono), renewed: begun, inDoubt: false };
}

/** A request of the holder failed: whether it was carried out is not known. */
export function doubted(state: ElectionState): ElectionState {
  return state.name === 'leading' ? { ...state, inDoubt: true } : state;
}

/** Leadership ends against our will, for example as its time is over. */
export function lapsed(state: ElectionState, why: Loss): ElectionState {
  return state.name === 'leading' ? { name: 'lost', seen: state.seen, why } : state;
}

/** The holder gives up of its own accord. */
export function resigned(state: ElectionState): ElectionState {
  return state.name === 'leading' ? bystander(state.seen) : state;
}

/** A candidate that lost stands for election again; what it saw of the Lease it still knows. */
export function reentered(state: ElectionState): ElectionState {
  return state.name === 'lost' ? bystander(state.seen) : state;
}

/**
 * ms since the renewal that this process leads by was begun; infinite when it does not lead. Both clocks count: the monotonic one may
 * stand still while a virtual machine is suspended.
 */
export function sinceRenewal(state: ElectionState, now: Moment): number {
  if (state.name !== 'leading') return Number.POSITIVE_INFINITY;
  return Math.max(now.mono - state.renewed.mono, now.wall - state.renewed.wall);
}

/** True only while no other process can hold the Lease, provided that no clock runs faster than another by `leaseMs / deadlineMs`. */
export function leads(state: ElectionState, now: Moment, { deadlineMs }: Candidacy): boolean {
  return sinceRenewal(state, now) < deadlineMs;
}

/** What a candidate does next about the Lease. */
export type Step = 'read' | 'create' | 'replace' | 'wait';

/** The next step; a candidate that does not lead has read the Lease just now. */
export function nextStep(state: ElectionState, mono: number, candidacy: Candidacy): Step {
  switch (state.name) {
    case 'unseen':
      return 'read';
    case 'absent':
      return 'create';
    case 'standby':
      return mayTake(state.seen, mono, candidacy) ? 'replace' : 'wait';
    case 'leading':
      if (state.inDoubt) return 'read';
      return state.seen ? 'replace' : 'create';
    case 'lost':
      return 'wait';
  }
}

/** Ours, free, or not renewed for as long as its holder promised, on our own clock. */
function mayTake({ lease: { spec }, at }: Sighting, mono: number, { identity, leaseMs }: Candidacy): boolean {
  const { holderIdentity: holder = '', leaseDurationSeconds } = spec ?? {};
  if (holder === '' || holder === identity) return true;
  return mono - at >= (leaseDurationSeconds === undefined ? leaseMs : leaseDurationSeconds * 1000);
}

/** The Lease that the state is about, where there is one. */
export function sightingIn(state: ElectionState): Sighting | undefined {
  return state.name === 'unseen' || state.name === 'absent' ? undefined : state.seen;
}

function sightingOf(state: ElectionState, lease: Lease, mono: number): Sighting {
  const before = sightingIn(state);
  const same = before !== undefined && before.lease.metadata?.resourceVersion === lease.metadata?.resourceVersion;
  return same ? before : { lease, at: mono };
}

function bystander(seen: Sighting | undefined): ElectionState {
  return seen ? { name: 'standby', seen } : { name: 'absent' };
}
