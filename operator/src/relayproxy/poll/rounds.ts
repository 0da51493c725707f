import type { InstanceStatus } from '@flagrelay/crds';
import { type Clock, sleep } from '@flagrelay/kube/clock';
import type { AskPod, PollAnswer, PollTarget } from './ask-pod.ts';
import { isSame } from './polled-items.ts';
import { isOwnReport } from './silent-pods.ts';

/** A pod that has reported, to be asked now and then whether it still can. */
export interface RoundTarget {
  /** Key of its RelayProxy. */
  readonly key: string;
  readonly pod: PollTarget;
  /** What it reported last, as it is known now. */
  readonly item: () => InstanceStatus | undefined;
}

/** Which pods are asked in each round, how often, and where answers are reported. */
export interface RoundsOptions {
  /** The pods to ask in the next round. */
  readonly targets: () => readonly RoundTarget[];
  readonly ask: AskPod;
  readonly clock: Clock;
  /** Least time between the beginnings of two rounds, ms; 0: there are none. */
  readonly periodMs: number;
  /** Called after each answer. */
  readonly answered: (key: string, answer: PollAnswer) => void;
  /** Called for a pod whose report says something else than the pod does, because it does not get through. */
  readonly stopped: (key: string, item: InstanceStatus) => void;
  /** From 0 to below 1; spreads requests. */
  readonly random?: () => number;
}

/** Pods that are asked at a time, and least time between two questions, ms: ten a second, whatever the number of pods. */
const PARALLEL = 8;
const LEAST_GAP_MS = 100;
/** A pod that does not answer is left out of up to so many rounds: that it cannot be asked is no news while it reports. */
const MAX_SKIPPED = 20;

/** Asks pods that have reported whether what they reported still holds. */
export interface Rounds {
  /** Goes round until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Makes {@link Rounds}. Pods write on change only, so that one that can no longer write (its token is refused, its way to the
 * API server is closed) looks like one that is well. A sign of life written by each pod would be a write per pod and minute
 * forever; a question costs no write, and none of the API server's time. One answer that names why reports do not get
 * through is enough; without that, two in a row that differ from the same report: one may be on its way.
 */
export function createRounds(options: RoundsOptions): Rounds {
  const { targets, ask, clock, periodMs, answered, stopped, random = Math.random } = options;
  /** By UID: the time of the report that the pod's answer did not agree with. */
  let suspects = new Map<string, string | undefined>();
  /** By UID: failures in a row, and rounds to leave out. */
  let mute = new Map<string, { failures: number; skip: number }>();

  async function check({ key, pod, item }: RoundTarget): Promise<void> {
    const answer = await ask(pod);
    answered(key, answer);
    if (answer.result !== 'answered') {
      const failures = (mute.get(pod.uid)?.failures ?? 0) + 1;
      mute.set(pod.uid, { failures, skip: Math.min(MAX_SKIPPED, 2 ** Math.min(failures, 10)) });
      return;
    }
    mute.delete(pod.uid);
    const reported = item();
    const before = suspects.get(pod.uid);
    const suspected = suspects.delete(pod.uid);
    if (!isOwnReport(reported) || isSame(reported, answer.item)) return;
    const { lastReportTime } = reported;
    if (answer.item.reportProblem !== undefined || (suspected && before === lastReportTime)) stopped(key, reported);
    else suspects.set(pod.uid, lastReportTime);
  }

  /** True when the pod is left out of this round. */
  function isSkipped(uid: string): boolean {
    const state = mute.get(uid);
    if (state === undefined || state.skip === 0) return false;
    state.skip -= 1;
    return true;
  }

  async function round(signal: AbortSignal): Promise<void> {
    const all = targets();
    const known = new Set(all.map(({ pod }) => pod.uid));
    suspects = new Map([...suspects].filter(([uid]) => known.has(uid)));
    mute = new Map([...mute].filter(([uid]) => known.has(uid)));
    const list = all.filter(({ pod }) => !isSkipped(pod.uid));
    const gap = Math.max(LEAST_GAP_MS, periodMs / Math.max(1, list.length));
    const running = new Set<Promise<void>>();
    for (const target of list) {
      if (!(await sleep(gap * (0.5 + random()), signal, clock))) break;
      if (running.size >= PARALLEL) await Promise.race(running);
      const asking = check(target).finally(() => running.delete(asking));
      running.add(asking);
    }
    await Promise.all(running);
  }

  return {
    async run(signal) {
      if (periodMs === 0) return;
      while (!signal.aborted) {
        const begun = clock.now();
        await round(signal);
        await sleep(Math.max(LEAST_GAP_MS, begun + periodMs - clock.now()), signal, clock);
      }
    },
  };
}
