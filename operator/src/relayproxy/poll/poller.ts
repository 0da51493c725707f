import type { InstanceStatus } from '@flagrelay/crds';
import { fullDelay } from '@flagrelay/kube/backoff';
import type { Clock } from '@flagrelay/kube/clock';
import { earliest } from '../resources/times.ts';
import { type AskPod, NO_ANSWER, type PollAnswer, type PollTarget } from './ask-pod.ts';

/** Asks silent pods, some at a time, and remembers what they said. */
export interface Poller {
  /**
   * Sees to it that these pods of one RelayProxy, and no other pods of it, are asked now and then. Answers what is known of
   * them by UID, and after how many ms it will know more.
   */
  look(key: string, targets: readonly PollTarget[]): Known;
  forget(key: string): void;
}

/** What a poller knows of the silent pods of one RelayProxy. */
export interface Known {
  readonly byUid: ReadonlyMap<string, Knowledge>;
  readonly nextInMs: number | undefined;
}

/** What a pod said last, and what came of asking it last. */
export interface Knowledge {
  readonly item: InstanceStatus | undefined;
  readonly problem: string | undefined;
  /** Times that it did not answer, in a row. */
  readonly failures: number;
}

/** How the poller asks pods, and where it reports their answers. */
export interface PollerOptions {
  readonly ask: AskPod;
  readonly clock: Pick<Clock, 'now'>;
  /** Called after each answer; what went wrong is in full here only. */
  readonly answered: (key: string, answer: PollAnswer) => void;
  /** From 0 to below 1; spreads polls. */
  readonly random?: () => number;
}

/** Time between two polls of a pod, ms, give or take a fifth; doubles with each failure up to the maximum. */
const INTERVAL_MS = 60_000;
const MAX_INTERVAL_MS = 600_000;
/** Pods that are asked at a time, over all RelayProxies. */
const PARALLEL = 8;

interface Polled extends Knowledge {
  readonly target: PollTarget;
  /** Monotonic ms; undefined while it is being asked or waits for that. */
  readonly nextAt: number | undefined;
}

/** Makes a {@link Poller}. It has no timer of its own: who looks, asks. What it waits for is bounded by what was looked for. */
export function createPoller({ ask, clock, answered, random = Math.random }: PollerOptions): Poller {
  const fleets = new Map<string, Map<string, Polled>>();
  const waiting: { readonly key: string; readonly uid: string }[] = [];
  let running = 0;

  function next(): void {
    while (running < PARALLEL) {
      const job = waiting.shift();
      if (job === undefined) return;
      const entry = fleets.get(job.key)?.get(job.uid);
      if (entry === undefined) continue; // nobody wants to know any more
      running += 1;
      void ask(entry.target).then((answer) => {
        running -= 1;
        settle(job.key, job.uid, answer);
        next();
      });
    }
  }

  function settle(key: string, uid: string, answer: PollAnswer): void {
    const entry = fleets.get(key)?.get(uid);
    if (entry !== undefined) {
      const ok = answer.result === 'answered';
      const failures = ok ? 0 : entry.failures + 1;
      const wait = fullDelay(failures, { baseMs: INTERVAL_MS, maxMs: MAX_INTERVAL_MS }) * (0.8 + 0.4 * random());
      const known = { item: ok ? answer.item : entry.item, problem: ok ? undefined : NO_ANSWER, failures };
      fleets.get(key)?.set(uid, { ...known, target: entry.target, nextAt: clock.now() + wait });
    }
    answered(key, answer);
  }

  return {
    look(key, targets) {
      if (targets.length === 0) {
        fleets.delete(key);
        return { byUid: new Map(), nextInMs: undefined };
      }
      const before = fleets.get(key);
      const fleet = new Map<string, Polled>();
      fleets.set(key, fleet);
      let nextInMs: number | undefined;
      for (const target of targets) {
        const known = before?.get(target.uid);
        const due = known === undefined || (known.nextAt !== undefined && known.nextAt <= clock.now());
        const knowledge = known ?? { item: undefined, problem: undefined, failures: 0 };
        fleet.set(target.uid, { ...knowledge, target, nextAt: due ? undefined : known.nextAt });
        if (due) waiting.push({ key, uid: target.uid });
        else if (known.nextAt !== undefined) nextInMs = earliest(nextInMs, known.nextAt - clock.now());
      }
      next();
      return { byUid: fleet, nextInMs };
    },
    forget: (key) => void fleets.delete(key),
  };
}
