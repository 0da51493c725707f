import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { compress } from '../http/shared-body.ts';
import type { Logger } from '../telemetry/logger.ts';
import { VERSION } from '../version.ts';

/** What became of a payload. */
export type SendResult = {
  readonly outcome: 'accepted' | 'refused' | 'too_large' | 'failed';
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
  readonly body: string | Buffer;
}

/** Sends to the events service. */
export interface EventSender {
  /** Sends at most twice (contract 5.3, "Retry"). Never rejects. @param signal ends the wait for the second try */
  send(post: EventPost, signal: AbortSignal): Promise<SendResult>;
}

/** One try may take this long, in ms. */
const TIMEOUT_MS = 15_000;
/** Between the two tries, in ms; more or less a quarter at random. */
const RETRY_MS = 1_000;
/** What is worth a second try beside 5xx. */
const RETRYABLE = new Set([400, 408, 429]);

/** The name under which the relay posts events. */
export const USER_AGENT = `flagrelay/${VERSION}`;

/** Makes a sender on the shared dispatcher. Bodies go out gzipped. */
export function createEventSender(dispatcher: Dispatcher, logger: Logger, retryMs = RETRY_MS): EventSender {
  const attempt = async (post: EventPost, body: Buffer, signal: AbortSignal): Promise<SendResult> => {
    try {
      const answer = await request(post.url, {
        dispatcher,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...post.headers, 'content-encoding': 'gzip' },
        body,
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
    send: async (post, signal) => {
      // At its lowest level, which takes a third of the time of the usual one; events hardly grow by it.
      const body = await compress(post.body);
      const first = await attempt(post, body, signal);
      if (first.outcome !== 'failed' || signal.aborted) return first;
      try {
        await pause(retryMs * (0.75 + Math.random() / 2), undefined, { signal });
      } catch {
        // Going down: the first result stands.
        return first;
      }
      return attempt(post, body, signal);
    },
  };
}

function outcomeOf(status: number): SendResult['outcome'] {
  if (status < 300) return 'accepted';
  if (status === 413) return 'too_large';
  if (status >= 500 || status < 400 || RETRYABLE.has(status)) return 'failed';
  return 'refused';
}
