import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import type { Logger } from '../../../telemetry/logger.ts';

/** What became of a payload. */
export type SendResult = {
  readonly outcome:
    | 'accepted'
    /** The credential is not accepted. */
    | 'refused'
    /** The payload is not accepted. */
    | 'rejected'
    | 'too_large'
    /** It may be accepted later. */
    | 'failed';
  /** HTTP status of the last try; undefined when none came. */
  readonly status?: number;
  /** Upstream's clock, ms since the epoch. */
  readonly serverTime?: number;
};

/** One POST to the events service. */
export interface EventPost {
  readonly url: string;
  /** Without content type, encoding and length. */
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: Buffer;
}

/** Sends to the events service. */
export interface EventSender {
  /** Sends at most twice (contract 5.3, "Retry"). Never rejects. @param signal ends the wait for the second try */
  send(post: EventPost, signal: AbortSignal): Promise<SendResult>;
  /** Sends once. Never rejects. */
  sendOnce(post: EventPost, signal: AbortSignal): Promise<SendResult>;
}

/** One try may take this long, in ms. */
const TIMEOUT_MS = 15_000;
/** Between the two tries, in ms; more or less a quarter at random. */
const RETRY_MS = 1_000;
/** What may be accepted later beside 5xx. */
const LATER = new Set([408, 429]);
/** What says that the credential is not accepted, or that there is no such service: the next payload will fare no better. */
const REFUSALS = new Set([401, 403, 404, 410]);

/** Makes a sender on the shared dispatcher. */
export function createEventSender(dispatcher: Dispatcher, logger: Logger, retryMs = RETRY_MS): EventSender {
  const sendOnce = async (post: EventPost, signal: AbortSignal): Promise<SendResult> => {
    try {
      const answer = await request(post.url, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...post.headers, 'content-encoding': 'gzip' },
        body: post.gzip,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await answer.body.dump();
      const serverTime = Date.parse(String(answer.headers.date));
      return {
        outcome: outcomeOf(answer.statusCode),
        status: answer.statusCode,
        ...(Number.isNaN(serverTime) ? {} : { serverTime }),
      };
    } catch (error) {
      logger.debug('events could not be sent', { error: (error as Error).message });
      return { outcome: 'failed' };
    }
  };

  return {
    sendOnce,
    send: async (post, signal) => {
      const first = await sendOnce(post, signal);
      const again = first.outcome === 'failed' || first.status === 400;
      if (!again || signal.aborted) return first;
      try {
        await pause(retryMs * (0.75 + Math.random() / 2), undefined, { signal });
      } catch {
        // Going down: the first result stands.
        return first;
      }
      return sendOnce(post, signal);
    },
  };
}

function outcomeOf(status: number): SendResult['outcome'] {
  if (status < 300) return 'accepted';
  if (status === 413) return 'too_large';
  if (REFUSALS.has(status)) return 'refused';
  return status >= 500 || status < 400 || LATER.has(status) ? 'failed' : 'rejected';
}
