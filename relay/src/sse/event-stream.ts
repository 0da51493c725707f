import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { type Backoff, createBackoff } from '@flagrelay/kube/backoff';
import { type Dispatcher, request } from 'undici';
import type { LinkErrorKind } from '../data/link.ts';
import { StoreError } from '../errors.ts';
import { memoryLimitBytes } from '../memory/limit.ts';
import { createSseParser, EventTooLargeError, type ServerSentEvent } from './parser.ts';
import { CONNECTING, phaseAfter, type StreamEvent } from './stream-phase.ts';

/** Silence on an open stream after which it counts as dead, in ms (contract 5.1). */
export const SILENCE_LIMIT_MS = 300_000;

/** Characters that one event may have at most: below what V8 can hold as one string. */
const MAX_EVENT_LENGTH = 400_000_000;
/** Back-off of LaunchDarkly's own clients (contract 5.1), in ms: as new after 60 s of good link. */
const LINK = { baseMs: 1_000, maxMs: 30_000, resetAfterMs: 60_000 };

/** And at least, however little memory there is. */
const MIN_EVENT_LENGTH = 16 * 2 ** 20;
/** Of the memory: what an event is put together of, and what is parsed of it, take several times its length. */
const EVENT_SHARE = 1 / 8;

/** Characters that one event may have in a process with so many bytes of memory: above any payload that it can serve. */
export function maxEventLength(memory: number): number {
  return Math.min(MAX_EVENT_LENGTH, Math.max(MIN_EVENT_LENGTH, Math.floor(memory * EVENT_SHARE)));
}

/** How long the body of an error answer may take, in ms. */
const ERROR_BODY_MS = 1_000;

/** An event whose data is invalid: the stream is opened again to get everything again (contract 5.1 "Bad data"). */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/** Why a stream was lost or could not be opened. `message` never holds a credential. */
export interface StreamFailure {
  readonly kind: LinkErrorKind;
  readonly message: string;
  readonly statusCode?: number;
  /** Upstream refused. No further try is made, or only those that `refusals` spaces out. */
  readonly permanent: boolean;
}

/** What an event stream needs and whom it tells. */
export interface EventStreamOptions {
  /** Absolute URL. */
  readonly url: string;
  /** Without `Accept` and the like; with `Authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher?: Dispatcher;
  /** One event; awaited before the next is read. `reconnect` drops the link and opens it again. Throws {@link InvalidEventError} for bad data. */
  readonly onEvent: (event: ServerSentEvent) => undefined | 'reconnect' | Promise<undefined | 'reconnect'>;
  readonly onFailure: (failure: StreamFailure) => void;
  readonly silenceMs?: number;
  readonly maxEventLength?: number;
  readonly backoff?: Backoff;
  /** Spaces the tries after a refusal; absent: the first refusal is the end. */
  readonly refusals?: Backoff;
  /** Waits before the next try; injected by tests. Rejects when `signal` fires. */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A stream that is kept open until it is closed. */
export interface EventStream {
  /** Drops the link and opens it again. */
  restart(): void;
  /** Ends everything; resolves when no callback can come any more. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens an SSE stream and keeps it open: end of stream, error and silence are treated alike; each try waits for the backoff. Its phases are
 * those of `stream-phase.ts`.
 */
export function openEventStream(options: EventStreamOptions): EventStream {
  const backoff = options.backoff ?? createBackoff(LINK);
  const delay = options.delay ?? defaultDelay;
  const closing = new AbortController();
  /** Of the current or the last link. */
  let link = new AbortController();
  let phase = CONNECTING;
  const note = (event: StreamEvent): void => {
    phase = phaseAfter(phase, event);
  };

  /** One link, from the request to its end. Returns only when it was dropped on purpose. */
  async function connect(signal: AbortSignal): Promise<void> {
    const response = await request(options.url, {
      method: 'GET',
      headers: {
        ...options.headers,
        accept: 'text/event-stream',
        'cache-control': 'no-cache',
        'accept-encoding': 'gzip',
      },
      ...(options.dispatcher ? { dispatcher: options.dispatcher } : {}),
      signal,
      headersTimeout: options.silenceMs ?? SILENCE_LIMIT_MS,
      bodyTimeout: options.silenceMs ?? SILENCE_LIMIT_MS,
    });
    if (response.statusCode !== 200) {
      // Read to its end the connection can be used again; a body that does not end is not worth waiting for.
      const patience = AbortSignal.any([signal, AbortSignal.timeout(ERROR_BODY_MS)]);
      await response.body.dump({ limit: 65_536, signal: patience }).catch(() => undefined);
      throw new StatusError(response.statusCode);
    }
    note({ kind: 'opened' });
    backoff.opened();
    options.refusals?.opened();
    const parser = createSseParser({
      maxEventLength: options.maxEventLength ?? maxEventLength(memoryLimitBytes()),
      onRetry: (ms) => backoff.setBase(ms),
    });
    const gunzip = response.headers['content-encoding'] === 'gzip' ? createGunzip() : undefined;
    const body: AsyncIterable<Uint8Array> =
      gunzip === undefined ? response.body : response.body.on('error', (error) => gunzip.destroy(error)).pipe(gunzip);
    try {
      for await (const chunk of body) {
        for (const event of parser.push(chunk)) {
          const verdict = await options.onEvent(event);
          if (signal.aborted || verdict === 'reconnect') return;
        }
      }
    } finally {
      gunzip?.destroy();
      response.body.destroy();
    }
    throw new Error('the stream ended');
  }

  /** How a link ended that was tried now. */
  async function linkEnd(): Promise<StreamEvent> {
    link = new AbortController();
    try {
      await connect(AbortSignal.any([closing.signal, link.signal]));
      return { kind: 'dropped' };
    } catch (error) {
      if (closing.signal.aborted) return { kind: 'closed' };
      if (link.signal.aborted) return { kind: 'dropped' };
      const failure = describe(error);
      options.onFailure(failure);
      return { kind: 'lost', permanent: failure.permanent, triesAgain: options.refusals !== undefined };
    }
  }

  /** Waits for the next try. */
  async function waitEnd(pause: Backoff): Promise<StreamEvent> {
    try {
      await delay(pause.next(), closing.signal);
      return { kind: 'waited' };
    } catch {
      return { kind: 'closed' };
    }
  }

  async function run(): Promise<void> {
    while (phase.kind !== 'ended') {
      if (closing.signal.aborted) note({ kind: 'closed' });
      else if (phase.kind !== 'waiting') note(await linkEnd());
      else note(await waitEnd((phase.after === 'refusal' ? options.refusals : undefined) ?? backoff));
    }
  }

  const running = run();
  return {
    restart: () => link.abort(),
    async close() {
      closing.abort();
      await running;
    },
  };
}

class StatusError extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.status = status;
  }
}

/** 400, 408, 429 and everything from 500 on may heal; other client errors do not (contract 5.1). */
export function isPermanentStatus(status: number): boolean {
  return status >= 400 && status < 500 && status !== 400 && status !== 408 && status !== 429;
}

function describe(error: unknown): StreamFailure {
  if (error instanceof StatusError) {
    return {
      kind: 'ERROR_RESPONSE',
      message: error.message,
      statusCode: error.status,
      permanent: isPermanentStatus(error.status),
    };
  }
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (error instanceof InvalidEventError || error instanceof EventTooLargeError) {
    return { kind: 'INVALID_DATA', message, permanent: false };
  }
  if (error instanceof StoreError) return { kind: 'STORE_ERROR', message, permanent: false };
  return { kind: 'NETWORK_ERROR', message, permanent: false };
}

async function defaultDelay(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}
