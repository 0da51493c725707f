import type { Logger } from '../telemetry/logger.ts';
import { ApiServerError } from './api-server.ts';
import { type Clock, systemClock } from './clock.ts';
import { heldBy, type Lease, type LeaseClient, releasedAt } from './lease.ts';

/** What {@link createElection} needs. */
export interface ElectionOptions {
  readonly client: Pick<LeaseClient, 'read' | 'write'>;
  /** Of this process and no other, not even of its successor in the same pod. */
  readonly identity: string;
  /**
   * Does what only one process may do, until the signal fires; resolves when all of it has ended. It does not reject. The
   * signal fires when the lease cannot be renewed in time, is another's, or `close` was called.
   */
  readonly act: (signal: AbortSignal) => Promise<void>;
  /** `active` or `seen` changed. */
  readonly changed: () => void;
  readonly logger: Logger;
  readonly timing?: Partial<ElectionTiming>;
  readonly clock?: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** All in ms. */
export interface ElectionTiming {
  /** Others take the lease when they have not seen it renewed for this long. */
  readonly leaseMs: number;
  /** The holder stops when it could not renew for this long; less than `leaseMs` by the time that stopping takes. */
  readonly deadlineMs: number;
  /** Between renewals, less up to a quarter at random, and between looks of a stand-by, up to a quarter longer. */
  readonly periodMs: number;
  /** Longest wait after failures, which doubles from `periodMs`, less up to half at random. */
  readonly maxRetryMs: number;
}

const TIMING: ElectionTiming = { leaseMs: 15_000, deadlineMs: 10_000, periodMs: 2_000, maxRetryMs: 15_000 };

/** Holds one Lease, or waits for it. */
export interface Election {
  /** True only while no other process can hold the lease. Computed from the clock at each call, so that a process that was frozen knows at once. */
  active(): boolean;
  /** The lease has been read: it is known who is active. */
  readonly seen: boolean;
  /** Ends what only the holder may do, gives the lease back so that another can take it at once, and stops. Idempotent. */
  close(): Promise<void>;
}

/**
 * One active process among several, by a Lease, with the rules of Kubernetes' own leader election: others wait for
 * `leaseMs` after they *saw* a renewal, the holder stops `deadlineMs` after it *began* the last one, each on its own clock.
 * Clocks of different machines are never compared; it is enough that none runs half as fast again as another.
 */
export function createElection(options: ElectionOptions): Election {
  const { client, identity, logger, changed, clock = systemClock, random = Math.random } = options;
  const { leaseMs, deadlineMs, periodMs, maxRetryMs } = { ...TIMING, ...options.timing };
  const closing = new AbortController();
  /** The lease as it was last seen, and when it was first seen like that. */
  let last: { readonly lease: Lease; readonly at: number } | undefined;
  /** When the last renewal that succeeded was begun; undefined in a stand-by. */
  let renewed: { readonly now: number; readonly wall: number } | undefined;
  /** Somebody else may have written: read before writing. */
  let stale = true;

  /** Both clocks count: the monotonic one may stand still while a machine is suspended. */
  const sinceRenewal = (): number =>
    renewed === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(clock.now() - renewed.now, clock.wallNow() - renewed.wall);
  const active = (): boolean => sinceRenewal() < deadlineMs;

  const note = (lease: Lease): void => {
    const first = last === undefined;
    if (last?.lease.metadata?.resourceVersion !== lease.metadata?.resourceVersion) last = { lease, at: clock.now() };
    if (first) changed();
  };

  /** Ours, free, or not renewed for as long as its holder promised. */
  const mayHold = ({ lease: { spec }, at }: NonNullable<typeof last>): boolean => {
    const holder = spec?.holderIdentity ?? '';
    if (holder === '' || holder === identity) return true;
    const promised = spec?.leaseDurationSeconds === undefined ? leaseMs : spec.leaseDurationSeconds * 1000;
    return clock.now() - at >= promised;
  };

  /** Takes or renews the lease; false when another holds it. @throws ApiServerError */
  const hold = async (timeoutMs: number): Promise<boolean> => {
    const begun = { now: clock.now(), wall: clock.wallNow() };
    if (stale) note(await client.read(timeoutMs));
    if (last === undefined || !mayHold(last)) return false;
    stale = true;
    const wanted = heldBy(last.lease, identity, Math.ceil(leaseMs / 1000), begun.wall);
    note(await client.write(wanted, timeoutMs));
    stale = false;
    // An answer that came after the deadline brings nothing back: `active` counts from the beginning of the request.
    renewed = begun;
    return true;
  };

  /** Resolves to true when the lease is ours, to false on `close`. */
  const acquire = async (): Promise<boolean> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      stale = true;
      let wait = periodMs * (1 + random() / 4);
      try {
        if ((await hold(deadlineMs / 2)) && active()) return true;
        failures = 0;
      } catch (error) {
        if (closing.signal.aborted) break;
        if (!isConflict(error)) {
          wait = Math.min(maxRetryMs, periodMs * 2 ** Math.min(failures, 10)) * (1 - random() / 2);
          wait = Math.max(wait, Math.min(retryAfter(error), maxRetryMs));
          if (failures === 0) logger.warn('the lease cannot be had, trying again', { error: (error as Error).message });
          failures += 1;
        }
      }
      renewed = undefined;
      await clock.wait(wait, closing.signal);
    }
    return false;
  };

  /** Renews for as long as it can; resolves to why that is over, or undefined on `close`. */
  const renew = async (): Promise<string | undefined> => {
    for (;;) {
      await clock.wait(Math.min(periodMs * (1 - random() / 4), deadlineMs - sinceRenewal()), closing.signal);
      if (closing.signal.aborted) return undefined;
      const left = deadlineMs - sinceRenewal();
      if (left <= 0) return 'it was not renewed in time';
      const over = new AbortController();
      try {
        const late = clock.wait(left, over.signal).then(() => 'late' as const);
        const held = await Promise.race([hold(Math.min(left, deadlineMs / 2)), late]);
        if (held === false) return 'another holds it';
      } catch (error) {
        if (error instanceof ApiServerError && error.status === 404) return 'it was deleted';
        // After a conflict it is read first; somebody may only have annotated it.
        if (!isConflict(error))
          logger.warn('the lease was not renewed, trying again', { error: (error as Error).message });
      } finally {
        over.abort();
      }
    }
  };

  const release = async (): Promise<void> => {
    const held = active();
    renewed = undefined;
    if (!held) return;
    try {
      if (stale) note(await client.read(deadlineMs / 2));
      stale = true;
      if (last?.lease.spec?.holderIdentity !== identity) return;
      await client.write(releasedAt(last.lease, clock.wallNow()), deadlineMs / 2);
    } catch (error) {
      logger.warn('the lease was not given back, it runs out by itself', { error: (error as Error).message });
    }
  };

  const run = async (): Promise<void> => {
    while (await acquire()) {
      logger.info('active: holds the lease', { identity });
      const term = new AbortController();
      changed();
      // On close it stops at once, while a renewal that is under way comes to its end.
      const signal = AbortSignal.any([term.signal, closing.signal]);
      const acting = signal.aborted ? undefined : options.act(signal);
      const why = await renew();
      term.abort();
      if (why !== undefined) {
        renewed = undefined;
        logger.warn('stand-by again: the lease is lost', { why });
      }
      await acting;
      await release();
      changed();
    }
  };

  const running = run();
  return {
    active,
    get seen() {
      return last !== undefined;
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiServerError && error.status === 409;
}

function retryAfter(error: unknown): number {
  return error instanceof ApiServerError ? error.retryAfterMs : 0;
}
