import { setMaxListeners } from 'node:events';
import { isAlreadyExists, isConflict, isNotFound } from './api-error.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { heldLease, type Lease, leases, releasedLease } from './lease.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { RestClient } from './rest-types.ts';

/** Options of leader election; times in ms. */
export interface LeaderElectorOptions {
  /** Not fenced by this elector: it has to renew. */
  readonly client: Pick<RestClient, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unique to this process, for example the pod name and a random suffix. */
  readonly identity: string;
  /** Others take the lease when it was not renewed for this long. Default 15 000. */
  readonly leaseDurationMs?: number | undefined;
  /** We stop acting when we could not renew for this long. Default 10 000. */
  readonly renewDeadlineMs?: number | undefined;
  /** Between attempts. Default 2 000; while waiting for the lease up to 1.2 times more, at random. */
  readonly retryPeriodMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}

/** Holds, or waits for, one Lease. Its functions need no `this`. */
export interface LeaderElector {
  /** True only while no other process can hold the lease; computed from the clock at each call, so that a process that was frozen knows at once. */
  readonly isLeader: () => boolean;
  /** How long, in ms, before another process can hold the lease; 0 when not leading. */
  readonly leaseRemainingMs: () => number;
  /**
   * Waits for the lease, then calls `lead` with a signal that aborts on loss or stop, and renews until `lead` has
   * settled; then gives the lease back. Rejects with LeadershipLostError on loss, with `lead`'s error when it fails,
   * and resolves after a stop.
   */
  readonly run: (stop: AbortSignal, lead: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

/** The lease was lost while leading: exit the process, as what it still does may collide with the new leader. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

const JITTER = 1.2;

/**
 * Leader election on a Lease with client-go's rules. Guarantee: `isLeader` turns false no later than `renewDeadlineMs`
 * after the last successful renewal was *begun*, while others wait `leaseDurationMs` after they *saw* it, each on its own
 * clock; clocks of different machines are never compared. Assumption: no clock runs faster than another by the ratio of
 * the two (1.5).
 * @throws RangeError when the times do not fit: lease > renew > retry x 1.2.
 */
export function createLeaderElector(options: LeaderElectorOptions): LeaderElector {
  const { client, namespace, name, identity, metrics, clock = systemClock, random = Math.random } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  checkTimes(leaseDurationMs, renewDeadlineMs, retryPeriodMs);
  const logger = options.logger.child({ lease: `${namespace}/${name}`, identity });
  const ref = { namespace, name };
  /** The lease as last seen, and when on our clock it was first seen like that. */
  let seen: { lease: Lease; at: number } | undefined;
  /** When the last successful renewal was begun; undefined: not leading. */
  let renewed: { mono: number; wall: number } | undefined;
  /** Set for good by a loss: an answer that comes late must not bring leadership back. */
  let lost = false;
  metrics.leader.status.set({ name }, 0);

  /** Both clocks count: the monotonic one may stand still while a virtual machine is suspended. */
  const sinceRenewal = () =>
    renewed ? Math.max(clock.now() - renewed.mono, clock.wallNow() - renewed.wall) : Number.POSITIVE_INFINITY;
  const isLeader = () => sinceRenewal() < renewDeadlineMs;
  const leaseRemainingMs = () => Math.max(0, leaseDurationMs - sinceRenewal());

  function observe(lease: Lease): void {
    if (seen?.lease.metadata?.resourceVersion !== lease.metadata?.resourceVersion) seen = { lease, at: clock.now() };
  }

  /** Takes or renews the lease; false when another holds it. Throws when the API server does not do it. */
  async function tryHold(deadlineMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const begun = { mono: clock.now(), wall: clock.wallNow() };
    const call = { deadlineMs, signal };
    const seconds = Math.ceil(leaseDurationMs / 1000);
    if (renewed === undefined || !seen) {
      const lease = await client.get(leases, ref, call).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      if (lease) observe(lease);
      else seen = undefined;
    }
    if (seen && !mayTake(seen.lease, seen.at)) return false;
    const spec = heldLease(seen?.lease, identity, seconds, begun.wall);
    const lease: Lease = { metadata: { ...seen?.lease.metadata, ...ref }, ...(spec && { spec }) };
    delete lease.metadata?.managedFields;
    observe(seen ? await client.replace(leases, lease, call) : await client.create(leases, lease, call));
    if (lost) return false;
    renewed = begun;
    return true;
  }

  /** Ours, free, or not renewed for as long as its holder promised, on our own clock. */
  function mayTake(lease: Lease, seenAt: number): boolean {
    const { holderIdentity, leaseDurationSeconds } = lease.spec ?? {};
    if (!holderIdentity || holderIdentity === identity) return true;
    const duration = leaseDurationSeconds === undefined ? leaseDurationMs : leaseDurationSeconds * 1000;
    return clock.now() - seenAt >= duration;
  }

  async function acquire(stop: AbortSignal): Promise<boolean> {
    for (;;) {
      try {
        if (await tryHold(renewDeadlineMs / 2, stop)) return true;
        logger.debug('Another process leads', { holder: seen?.lease.spec?.holderIdentity });
      } catch (error) {
        const lostRace = isConflict(error) || isAlreadyExists(error);
        if (!stop.aborted && !lostRace) logger.warn('Could not take the lease, is retried', { error });
      }
      if (!(await sleep(retryPeriodMs * (1 + random() * JITTER), stop, clock))) return false;
    }
  }

  /** Renews until `done` aborts. Returns why leadership was lost, or undefined when done. */
  async function renew(done: AbortSignal): Promise<string | undefined> {
    while (await sleep(retryPeriodMs, done, clock)) {
      if (!isLeader()) return 'not renewed in time';
      try {
        const left = renewDeadlineMs - sinceRenewal();
        if (!(await tryHold(Math.min(left, renewDeadlineMs / 2), done))) return 'another process holds the lease';
      } catch (error) {
        if (done.aborted) return undefined;
        if (isConflict(error) || isNotFound(error)) {
          metrics.leader.slowpath.inc({ name });
          const holder = await readHolder(done);
          if (holder !== undefined && holder !== identity && holder !== '') return 'another process holds the lease';
        }
        logger.warn('Could not renew the lease, is retried', { error, remainingMs: Math.round(leaseRemainingMs()) });
      }
    }
    return undefined;
  }

  /** Reads the lease anew after a conflict; undefined when that failed too, and the next renewal tells. */
  async function readHolder(signal: AbortSignal): Promise<string | undefined> {
    try {
      const left = Math.max(1, renewDeadlineMs - sinceRenewal());
      const lease = await client.get(leases, ref, { deadlineMs: Math.min(left, renewDeadlineMs / 2), signal });
      observe(lease);
      return lease.spec?.holderIdentity ?? '';
    } catch (error) {
      if (isNotFound(error)) seen = undefined;
      return undefined;
    }
  }

  async function release(): Promise<void> {
    const lease = seen?.lease;
    const held = isLeader();
    renewed = undefined;
    metrics.leader.status.set({ name }, 0);
    if (!lease || !held) return;
    const spec = releasedLease(lease, clock.wallNow());
    try {
      await client.replace(leases, { ...lease, ...(spec && { spec }) }, { deadlineMs: renewDeadlineMs / 2 });
      logger.info('Lease released');
    } catch (error) {
      logger.warn('Could not release the lease, it runs out by itself', { error });
    }
  }

  async function run(stop: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!(await acquire(stop))) return;
    logger.info('Leads');
    metrics.leader.status.set({ name }, 1);
    const leading = new AbortController();
    const settled = new AbortController();
    setMaxListeners(0, leading.signal); // one for each worker and runnable
    const onStop = () => leading.abort(stop.reason);
    if (stop.aborted) onStop();
    else stop.addEventListener('abort', onStop, { once: true });

    const loss = Promise.withResolvers<never>();
    loss.promise.catch(() => undefined); // reported by the race below; after it, by the process' end
    const lose = (why: string) => {
      if (lost) return;
      lost = true;
      renewed = undefined;
      metrics.leader.status.set({ name }, 0);
      const error = new LeadershipLostError(`lease ${namespace}/${name} lost: ${why}`);
      logger.error('Leadership lost', { why });
      leading.abort(error);
      loss.reject(error);
    };
    // A hanging renewal must not delay the loss: this timer looks at the deadline whatever the renewal does.
    let watchdog = clock.after(renewDeadlineMs, check);
    function check(): void {
      if (settled.signal.aborted) return;
      if (isLeader()) watchdog = clock.after(Math.max(1, renewDeadlineMs - sinceRenewal()), check);
      else lose('not renewed in time');
    }
    const renewing = renew(settled.signal).then((why) => {
      if (why !== undefined) lose(why);
    });
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

  return { isLeader, leaseRemainingMs, run };
}

function checkTimes(leaseMs: number, renewMs: number, retryMs: number): void {
  if (!(leaseMs > renewMs && renewMs > retryMs * JITTER && retryMs > 0)) {
    throw new RangeError(
      `leader election times must be leaseDuration (${leaseMs} ms) > renewDeadline (${renewMs} ms) > retryPeriod (${retryMs} ms) x ${JITTER} > 0`,
    );
  }
}
