import { setMaxListeners } from 'node:events';
import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import {
  doubted,
  type ElectionState,
  held,
  type Loss,
  lapsed,
  leads,
  type Moment,
  nextStep,
  reentered,
  resigned,
  sighted,
  sightingIn,
  sinceRenewal,
  UNSEEN,
} from './election.ts';
import { heldLease, type Lease, releasedLease } from './lease.ts';

/** Limits of one request. */
export interface LeaseCall {
  /** ms until it fails; not a whole number. */
  readonly deadlineMs: number;
  /** Its answer is not needed any more. A transport that ignores it answers later, which is as good. */
  readonly signal?: AbortSignal | undefined;
}

/** The way to one Lease. All reject with ApiError for a refusal, and with any other error when there is no usable answer. */
export interface LeaseTransport {
  read(call: LeaseCall): Promise<Lease>;
  /** Absent: the Lease is made by somebody else, and one that is deleted is lost. */
  create?(lease: Lease, call: LeaseCall): Promise<Lease>;
  /** Replaces the Lease if it still has the given resourceVersion. */
  replace(lease: Lease, call: LeaseCall): Promise<Lease>;
}

/** All in ms. */
export interface ElectionTiming {
  /** Others take the Lease when they have not seen it renewed for this long. */
  readonly leaseMs: number;
  /** The holder stops when it could not renew for this long; less than `leaseMs` by the time that stopping takes. */
  readonly deadlineMs: number;
  /** Between renewals, and between looks of a stand-by. */
  readonly periodMs: number;
  /** Share of `periodMs` by which a stand-by's wait is longer, at random. */
  readonly standbyJitter: number;
  /** Share of `periodMs` by which a renewal comes earlier, at random. */
  readonly renewalJitter: number;
}

/** What happens in an election, for logs and metrics. */
export type ElectionNews =
  | { readonly kind: 'leads' }
  | { readonly kind: 'waits'; readonly holder: string | undefined }
  /** `failures`: how many came before it without a success. */
  | { readonly kind: 'cannot-take'; readonly error: unknown; readonly failures: number }
  /** `refused`: somebody else wrote or deleted the Lease. */
  | {
      readonly kind: 'cannot-renew';
      readonly error: unknown;
      readonly refused: boolean;
      readonly remainingMs: number;
    }
  | { readonly kind: 'lost'; readonly why: Loss }
  | { readonly kind: 'released' }
  | { readonly kind: 'cannot-release'; readonly error: unknown };

/** What an elector works with. */
export interface ElectorOptions {
  readonly transport: LeaseTransport;
  readonly identity: string;
  readonly timing: ElectionTiming;
  /** The wait in ms after a look that failed (`failures` came before it); that of a stand-by unless given. */
  readonly failureWait?: ((error: unknown, failures: number) => number) | undefined;
  /** The state has another name than before. */
  readonly changed?: ((state: ElectionState) => void) | undefined;
  readonly news: (news: ElectionNews) => void;
  readonly clock?: Clock | undefined;
  /** In [0, 1). */
  readonly random?: (() => number) | undefined;
}

/** Holds, or waits for, one Lease. Its functions need no `this`. */
export interface Elector {
  /** True only while no other process can hold the Lease; computed from the clock at each call, so that a process that was frozen knows at once. */
  readonly isLeader: () => boolean;
  /** How long, in ms, before another process can hold the Lease; 0 when not leading. */
  readonly leaseRemainingMs: () => number;
  /** What is known of the election. */
  readonly state: () => ElectionState;
  /**
   * Waits for the Lease, then calls `lead` with a signal that aborts on loss or stop, and renews until `lead` has settled; then gives
   * the Lease back. Rejects with LeadershipLostError on loss, without waiting for `lead`; with `lead`'s error when it fails; resolves
   * after a stop. May be called again when both it and `lead` have settled.
   */
  readonly run: (stop: AbortSignal, lead: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

/** The Lease was lost while leading: what is still under way may collide with the new leader. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

/**
 * Leader election on a Lease with client-go's rules. Guarantee: `isLeader` turns false no later than `deadlineMs` after the last
 * successful renewal was *begun*, while others wait `leaseMs` after they *saw* it, each on its own clock; clocks of different machines
 * are never compared. Assumption: no clock runs faster than another by the ratio of the two.
 * @throws RangeError when the times do not fit: lease > deadline > the longest wait of a period > 0
 */
export function createElector(options: ElectorOptions): Elector {
  const {
    transport,
    identity,
    timing,
    failureWait,
    changed,
    news,
    clock = systemClock,
    random = Math.random,
  } = options;
  const { leaseMs, deadlineMs, periodMs, standbyJitter, renewalJitter } = timing;
  checkTimes(timing);
  const candidacy = { identity, leaseMs, deadlineMs };
  let state: ElectionState = UNSEEN;

  const moment = (): Moment => ({ mono: clock.now(), wall: clock.wallNow() });
  const isLeader = () => leads(state, moment(), candidacy);
  const unrenewedMs = () => sinceRenewal(state, moment());
  const leaseRemainingMs = () => Math.max(0, leaseMs - unrenewedMs());

  function enter(next: ElectionState): void {
    const before = state;
    state = next;
    if (before.name !== next.name) changed?.(next);
  }

  /** Reads the Lease. Throws when that fails, and when there is none and it is not ours to make. */
  async function look(call: LeaseCall): Promise<void> {
    const lease = await transport.read(call).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      if (transport.create) return undefined;
      enter(lapsed(state, 'the lease was deleted'));
      throw error;
    });
    enter(sighted(state, lease, clock.now(), candidacy));
  }

  /** Takes or renews the Lease, as far as the state allows it. Throws when the API server does not do it. */
  async function tryHold(call: LeaseCall): Promise<void> {
    const begun = moment();
    if (state.name !== 'leading' || state.inDoubt) await look(call);
    const step = nextStep(state, clock.now(), candidacy);
    if (step !== 'replace' && step !== 'create') return;
    const before = sightingIn(state)?.lease;
    enter(doubted(state));
    const wanted = heldLease(before, identity, Math.ceil(leaseMs / 1000), begun.wall);
    const write = step === 'create' ? transport.create : transport.replace;
    if (!write) return enter(lapsed(state, 'the lease was deleted'));
    const lease = await write(wanted, call);
    // An answer that came after the deadline brings nothing back: leadership counts from the beginning of the request.
    enter(held(state, lease, begun, clock.now()));
  }

  /** Resolves to true when the Lease is ours, to false on `stop`. */
  async function acquire(stop: AbortSignal): Promise<boolean> {
    let failures = 0;
    for (;;) {
      let waitMs = periodMs * (1 + random() * standbyJitter);
      try {
        await tryHold({ deadlineMs: deadlineMs / 2, signal: stop });
        if (isLeader()) return true;
        failures = 0;
        news({ kind: 'waits', holder: sightingIn(state)?.lease.spec?.holderIdentity });
      } catch (error) {
        if (!stop.aborted && !isConflict(error) && !isAlreadyExists(error)) {
          news({ kind: 'cannot-take', error, failures });
          waitMs = failureWait?.(error, failures) ?? waitMs;
          failures += 1;
        }
      }
      enter(resigned(state));
      if (!(await sleep(waitMs, stop, clock))) return false;
    }
  }

  /** Renews until `done` aborts or leadership is lost. */
  async function renew(done: AbortSignal): Promise<void> {
    while (await sleep(periodMs * (1 - random() * renewalJitter), done, clock)) {
      if (!isLeader()) return enter(lapsed(state, 'not renewed in time'));
      try {
        await tryHold({ deadlineMs: callMs(), signal: done });
      } catch (error) {
        if (done.aborted) return;
        const refused = isConflict(error) || isNotFound(error) || isAlreadyExists(error);
        if (state.name === 'leading') {
          news({ kind: 'cannot-renew', error, refused, remainingMs: Math.round(leaseRemainingMs()) });
          // Somebody else wrote: who holds it is worth knowing at once.
          if (refused) await look({ deadlineMs: callMs(), signal: done }).catch(stillInDoubt);
        }
      }
      if (state.name !== 'leading') return;
    }
  }

  /** Reading failed as well: the next renewal reads again, and reports why it cannot. */
  const stillInDoubt = (): void => enter(doubted(state));

  const callMs = () => Math.max(1, Math.min(deadlineMs - unrenewedMs(), deadlineMs / 2));

  async function release(): Promise<void> {
    const mine = isLeader();
    const call = { deadlineMs: deadlineMs / 2 };
    try {
      // A renewal that was given up may have been carried out.
      if (mine && state.name === 'leading' && state.inDoubt) await look(call);
      const lease = mine && state.name === 'leading' ? state.seen?.lease : undefined;
      enter(resigned(state));
      if (lease?.spec?.holderIdentity !== identity) return;
      await transport.replace(releasedLease(lease, clock.wallNow()), call);
      news({ kind: 'released' });
    } catch (error) {
      enter(resigned(state));
      news({ kind: 'cannot-release', error });
    }
  }

  async function run(stop: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    enter(reentered(state));
    if (!(await acquire(stop))) return;
    news({ kind: 'leads' });
    const leading = new AbortController();
    const settled = new AbortController();
    setMaxListeners(0, leading.signal); // one for each worker and runnable
    const onStop = () => leading.abort(stop.reason);
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });

    const loss = Promise.withResolvers<never>();
    loss.promise.catch(() => undefined); // reported by the race below; after it, by the process' end
    let lost = false;
    const checkLoss = () => {
      if (state.name !== 'lost' || lost) return;
      lost = true;
      const error = new LeadershipLostError(`the lease is lost: ${state.why}`);
      news({ kind: 'lost', why: state.why });
      // Before the signal: that `lead` ends by it does not make the loss an orderly end.
      loss.reject(error);
      leading.abort(error);
    };
    // A hanging renewal must not delay the loss: this timer looks at the deadline whatever the renewal does.
    let watchdog = clock.after(deadlineMs, check);
    function check(): void {
      if (settled.signal.aborted) return;
      if (isLeader()) watchdog = clock.after(Math.max(1, deadlineMs - unrenewedMs()), check);
      else {
        enter(lapsed(state, 'not renewed in time'));
        checkLoss();
      }
    }
    const renewing = renew(settled.signal).then(checkLoss);
    try {
      await Promise.race([lead(leading.signal), loss.promise]);
    } finally {
      settled.abort();
      watchdog.cancel();
      stop.removeEventListener('abort', onStop);
      await renewing;
      await release();
    }
  }

  return { isLeader, leaseRemainingMs, state: () => state, run };
}

function checkTimes({ leaseMs, deadlineMs, periodMs, standbyJitter }: ElectionTiming): void {
  const factor = Math.max(1, standbyJitter);
  if (!(leaseMs > deadlineMs && deadlineMs > periodMs * factor && periodMs > 0)) {
    throw new RangeError(
      `leader election times must be leaseDuration (${leaseMs} ms) > renewDeadline (${deadlineMs} ms) > retryPeriod (${periodMs} ms) x ${factor} > 0`,
    );
  }
}
