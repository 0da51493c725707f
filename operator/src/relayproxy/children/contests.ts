import type { Clock } from '@flagrelay/kube/clock';

/** How a child is kept from being what it should be. */
export type ContestReason =
  /** Somebody changes it, or deletes it, again and again after it was put back. */
  | 'DriftsBack'
  /** It is not what was applied right after it was applied: something on the way into the API server changes it. */
  | 'Overridden';

/** What of a child is not ours to decide, as it seems. */
export interface Drift {
  /** For people: where it differs; empty when the whole object is deleted. */
  readonly paths: readonly string[];
  /** Names of those who hold these fields, where the API server knows. */
  readonly holders: readonly string[];
}

/** A child over which there is a contest. */
export interface Contest extends Drift {
  readonly reason: ContestReason;
  /** ms; look again then. */
  readonly recheckAfterMs: number;
}

/**
 * Notices that the same child is put back again and again, and makes it ever slower: two who write against each other keep
 * the API server busy for nothing. A contest begins with the third put-back of the same field within a minute or the fifth
 * within half an hour (of any fields: the tenth within a minute), or at once where an apply has no effect; each further try
 * waits twice as long, from 5 seconds to 10 minutes. It ends when nothing differs any more for a while.
 */
export interface Contests {
  /** How long, in ms, until the child may be put back; 0: now. */
  waitMs(child: string): number;
  /** The child was put back, after somebody had changed it. */
  putBack(child: string, owner: string, drift: Drift): void;
  /** The child was applied, and is still not what was applied. */
  overridden(child: string, owner: string, drift: Drift): void;
  /** The child is what it should be. */
  settled(child: string): void;
  /** The contest over the child, if there is one. @param differs whether the child is not what it should be now */
  over(child: string, differs: boolean): Contest | undefined;
  /** Contests by reason, now. */
  count(reason: ContestReason): number;
  /** Drops what is remembered of a child. */
  drop(child: string): void;
  /** Drops what is remembered of the children of a RelayProxy. */
  forget(owner: string): void;
}

/** First and longest time between two tries, ms. */
const BASE_MS = 5_000;
const MAX_MS = 600_000;
/** So many put-backs within so many ms are no accident: of the same field, or of any. */
const ROUNDS = [
  { rounds: 3, withinMs: 60_000, sameField: true },
  { rounds: 5, withinMs: 1_800_000, sameField: true },
  { rounds: 10, withinMs: 60_000, sameField: false },
] as const;
/** The most put-backs that any of them looks at. */
const REMEMBERED = 10;
/** Shortest time without a difference after which a contest is over, ms. */
const QUIET_MS = 60_000;

interface PutBack {
  /** Monotonic ms. */
  readonly at: number;
  readonly paths: readonly string[];
}

interface State {
  readonly owner: string;
  /** The last put-backs. */
  readonly past: readonly PutBack[];
  readonly contest?: {
    readonly reason: ContestReason;
    readonly drift: Drift;
    /** Step of the delay, ms. */
    readonly delayMs: number;
    /** Monotonic ms. */
    readonly nextAt: number;
    /** Over when nothing differs then, monotonic ms. */
    readonly quietAt: number;
  };
}

/** Makes {@link Contests}. It remembers a few numbers for each child that was ever put back. @param random from 0 to below 1 */
export function createContests(clock: Pick<Clock, 'now'>, random: () => number = Math.random): Contests {
  const states = new Map<string, State>();

  function begin(child: string, state: State, reason: ContestReason, drift: Drift): void {
    const now = clock.now();
    const before = state.contest;
    const delayMs = before === undefined ? BASE_MS : Math.min(before.delayMs * 2, MAX_MS);
    // Spread, so that a fleet of contested children is not tried all at once.
    const nextAt = now + delayMs * (0.75 + 0.5 * random());
    const [last = { at: now }, previous = last] = state.past.toReversed();
    const quietAt = now + Math.max(QUIET_MS, 2 * delayMs, 2 * (last.at - previous.at));
    states.set(child, { ...state, contest: { reason, drift, delayMs, nextAt, quietAt } });
  }

  return {
    waitMs(child) {
      const { contest } = states.get(child) ?? {};
      return contest === undefined ? 0 : Math.max(0, contest.nextAt - clock.now());
    },
    putBack(child, owner, drift) {
      const now = clock.now();
      const before = states.get(child);
      const past = [...(before?.past ?? []), { at: now, paths: drift.paths }].slice(-REMEMBERED);
      const { contest, ...rest } = before ?? {};
      // An override that is no longer: this apply had effect.
      const going = contest?.reason === 'DriftsBack';
      const state: State = { ...rest, ...(going && { contest }), owner, past };
      states.set(child, state);
      const contested = ROUNDS.some(({ rounds, withinMs, sameField }) => {
        const first = past.filter(({ paths }) => !sameField || isSame(paths, drift.paths)).at(-rounds);
        return first !== undefined && now - first.at <= withinMs;
      });
      if (contested || going) begin(child, state, 'DriftsBack', drift);
    },
    overridden(child, owner, drift) {
      begin(child, states.get(child) ?? { owner, past: [] }, 'Overridden', drift);
    },
    settled(child) {
      const state = states.get(child);
      if (state?.contest === undefined) return;
      if (state.contest.reason === 'DriftsBack' && clock.now() < state.contest.quietAt) return;
      const { contest: _over, ...rest } = state;
      states.set(child, rest);
    },
    over(child, differs) {
      const { contest } = states.get(child) ?? {};
      if (contest === undefined) return undefined;
      const { reason, drift, nextAt, quietAt } = contest;
      return { reason, ...drift, recheckAfterMs: Math.max(1000, (differs ? nextAt : quietAt) - clock.now()) };
    },
    count: (reason) => [...states.values()].filter(({ contest }) => contest?.reason === reason).length,
    drop: (child) => void states.delete(child),
    forget(owner) {
      for (const [child, state] of states) if (state.owner === owner) states.delete(child);
    },
  };
}

/** True for put-backs that have a field in common, or both are of a deleted object. */
function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === 0 ? other.length === 0 : one.some((path) => other.includes(path));
}
