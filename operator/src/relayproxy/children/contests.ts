import type { Clock } from '../../runtime/clock.ts';

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
 * the API server busy for nothing. A contest begins with the third put-back within a minute or the fifth within half
 * an hour, or at once where an apply has no effect; each further try waits twice as long, from 5 seconds to 10 minutes. It
 * ends when nothing differs any more for a while.
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
  /** Drops what is remembered of the children of a RelayProxy. */
  forget(owner: string): void;
}

/** First and longest time between two tries, ms. */
const BASE_MS = 5_000;
const MAX_MS = 600_000;
/** So many put-backs within so many ms are no accident. */
const ROUNDS = [
  [3, 60_000],
  [5, 1_800_000],
] as const;
/** Shortest time without a difference after which a contest is over, ms. */
const QUIET_MS = 60_000;

interface State {
  readonly owner: string;
  /** The last put-backs, monotonic ms; at most as many as the longest of {@link ROUNDS}. */
  readonly times: readonly number[];
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
    const [last = now, previous = last] = state.times.toReversed();
    const quietAt = now + Math.max(QUIET_MS, 2 * delayMs, 2 * (last - previous));
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
      const times = [...(before?.times ?? []), now].slice(-5);
      const state: State = { ...before, owner, times };
      states.set(child, state);
      const contested = ROUNDS.some(([rounds, withinMs]) => {
        const first = times.at(-rounds);
        return first !== undefined && now - first <= withinMs;
      });
      if (contested || before?.contest !== undefined) begin(child, state, 'DriftsBack', drift);
    },
    overridden(child, owner, drift) {
      begin(child, states.get(child) ?? { owner, times: [] }, 'Overridden', drift);
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
    forget(owner) {
      for (const [child, state] of states) if (state.owner === owner) states.delete(child);
    },
  };
}
