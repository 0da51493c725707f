import { ApiError } from '@flagrelay/kube/api-error';
import { delayAfter } from '@flagrelay/kube/backoff';
import type { Clock } from '@flagrelay/kube/clock';
import {
  createElector,
  type ElectionNews,
  LeadershipLostError,
  type LeaseTransport,
  type ElectionTiming as Timing,
} from '@flagrelay/kube/elector';
import type { Logger } from '../telemetry/logger.ts';

/** Options of {@link createElection}. */
export interface ElectionOptions {
  /** The way to the Lease, which the operator has made. */
  readonly transport: LeaseTransport;
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
export interface ElectionTiming extends Timing {
  /** Longest wait after failures, which doubles from `periodMs`, less up to half at random. */
  readonly maxRetryMs: number;
}

const TIMING: ElectionTiming = {
  leaseMs: 15_000,
  deadlineMs: 10_000,
  periodMs: 2_000,
  standbyJitter: 0.25,
  renewalJitter: 0.25,
  maxRetryMs: 15_000,
};

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
 * One active process among several: campaigns with {@link createElector}, term after term. A process that lost the lease stands by
 * again when all has ended that only the holder may do.
 */
export function createElection(options: ElectionOptions): Election {
  const { transport, identity, logger, changed, clock, random } = options;
  const timing = { ...TIMING, ...options.timing };
  const { periodMs, maxRetryMs } = timing;
  const closing = new AbortController();
  const elector = createElector({
    transport,
    identity,
    timing,
    failureWait: (error, failures) =>
      Math.max(
        delayAfter(failures, { baseMs: periodMs, maxMs: maxRetryMs, random }),
        Math.min(error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0, maxRetryMs),
      ),
    changed: () => changed(),
    news: (news) => write(logger, identity, news),
    clock,
    random,
  });

  const run = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      let acting: Promise<void> | undefined;
      try {
        await elector.run(closing.signal, (signal) => {
          acting = signal.aborted ? Promise.resolve() : options.act(signal);
          return acting;
        });
      } catch (error) {
        if (!(error instanceof LeadershipLostError)) throw error;
        await acting;
      }
    }
  };

  const running = run();
  return {
    active: elector.isLeader,
    get seen() {
      return elector.state().name !== 'unseen';
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

function write(logger: Logger, identity: string, news: ElectionNews): void {
  switch (news.kind) {
    case 'leads':
      logger.info('active: holds the lease', { identity });
      break;
    case 'lost':
      logger.warn('stand-by again: the lease is lost', { why: news.why });
      break;
    case 'cannot-take':
      if (news.failures === 0) logger.warn('the lease cannot be had, trying again', { error: messageOf(news.error) });
      break;
    case 'cannot-renew':
      // Somebody may only have annotated it.
      if (!news.refused) logger.warn('the lease was not renewed, trying again', { error: messageOf(news.error) });
      break;
    case 'cannot-release':
      logger.warn('the lease was not given back, it runs out by itself', { error: messageOf(news.error) });
      break;
    case 'waits':
    case 'released':
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
