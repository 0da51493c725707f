import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChangeStreams, EvaluationSession } from '../environment/evaluator.ts';
import { openStream } from '../http/open-stream.ts';
import type { HeaderList } from '../http/reply.ts';
import { opensFor, type RelayResponse } from '../http/response.ts';
import { SSE_HEADERS } from '../http/stream-connection.ts';
import { takePlace } from '../http/stream-place.ts';
import type { Takeover } from '../http/takeover.ts';
import { runJob } from '../jobs/jobs.ts';
import type { StreamConnection } from '../streams/connection.ts';
import type { Crowd, StreamLimits } from '../streams/limits.ts';
import { type Frame, frame } from '../streams/sse.ts';
import { createWheel, type Wheel } from '../streams/wheel.ts';
import { describe } from '../telemetry/describe.ts';

/** What event streams go through, and how they are spread. */
export interface EventStreamOptions {
  readonly takeover: Takeover;
  readonly limits: StreamLimits;
  /** A stream was turned away. */
  shed(crowd: Crowd): void;
  /** ms over which one change is sent to clients at most; the fewer there are, the sooner all of them know. */
  readonly refetchWindowMs: number;
  /** In [0, 1), for tests. */
  readonly random?: () => number;
}

/** Clients that learn of a change in a ms: each evaluates all its flags then. */
const CLIENTS_PER_MS = 1;
/** Between two events of a stream, in ms at least: changes that come meanwhile are one event. */
const GAP_MS = 250;
/** Something is sent at least this often, in ms: what is on the way closes connections on which nothing comes. */
const COMMENT_MS = 25_000;
/** Clients come back after a time between these, in ms, so that they do not come all at once. */
const RETRY_MS = [1_000, 10_000] as const;
/** And after a time between these where their stream will not be there soon either. */
const LATE_RETRY_MS = [60_000, 120_000] as const;
/** A longer `Last-Event-ID` is none of ours. */
const MAX_ID_LENGTH = 256;

const COMMENT: Frame = frame(':\n\n', true);
/** Any page may read it: `EventSource` sends no credentials. */
const CORS: HeaderList = ['Access-Control-Allow-Origin', '*'];

/**
 * The event streams of OFREP (its ADR-0008): they tell clients to evaluate again when something changed. A browser whose stream is answered
 * with anything but 200 gives it up, and its provider then asks for flags and stream each second: who cannot be served now
 * gets an empty stream, and the time after which to come back.
 */
export class EventStreams implements Disposable {
  readonly #options: EventStreamOptions;
  readonly #comments: Wheel<StreamConnection> = createWheel(COMMENT_MS, (connection) => {
    if (connection.pendingBytes === 0) connection.write(COMMENT);
  });
  /** Environments whose changes are followed. */
  readonly #followed = new WeakSet<ChangeStreams>();
  readonly #closing = new AbortController();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** Opens a stream for a client that may have had one before. */
  open(request: IncomingMessage, response: ServerResponse, session: EvaluationSession): void {
    const { limits, takeover, shed } = this.#options;
    opensFor(response, session.owner, session.isPublic);
    const crowd = takePlace(limits, request.socket, session.isPublic, session.client.credential);
    if (crowd !== undefined) {
      shed(crowd);
      this.later(response);
      return;
    }
    const { changes } = session;
    this.#follow(changes, session);
    (response as RelayResponse).opened?.();
    openStream(takeover, request, response, [...session.headers, ...CORS], true, (connection) => {
      const slot = this.#comments.add(connection);
      connection.onClose(() => slot.delete(connection));
      changes.channel.add(connection, session.client, frame(`retry: ${this.#between(RETRY_MS)}\n\n`));
      void this.#catchUp(connection, session, lastEventId(request));
    });
  }

  /** Answers with an empty stream. @param known false: its address opens nothing, and hardly will soon */
  later(response: ServerResponse, known = true): void {
    const body = `retry: ${this.#between(known ? RETRY_MS : LATE_RETRY_MS)}\n\n`;
    response.writeHead(200, [...SSE_HEADERS, ...CORS, 'Content-Length', String(body.length)]);
    response.end(body);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#comments.close();
  }

  /** A client that was here before and missed something learns of it: providers do not evaluate again just because their stream is back. */
  async #catchUp(connection: StreamConnection, session: EvaluationSession, seen: string | undefined): Promise<void> {
    if (seen === undefined) return;
    try {
      const version = await session.changes.version();
      if (version !== undefined && version !== seen) connection.write(refetchEvent(version));
    } catch (error) {
      // Whatever changed: the client had better ask.
      session.logger.warn('the store could not be read for a new stream', { error: describe(error) });
      connection.write(refetchEvent(undefined));
    }
  }

  #follow(changes: ChangeStreams, { logger }: EvaluationSession): void {
    if (this.#followed.has(changes)) return;
    this.#followed.add(changes);
    let next: (() => Frame) | undefined;
    let telling = false;
    const tell = async (): Promise<void> => {
      try {
        while (next !== undefined) {
          const event = next();
          next = undefined;
          const { channel } = changes;
          const overMs = Math.min(this.#options.refetchWindowMs, channel.size / CLIENTS_PER_MS);
          await channel.spread(event, overMs, this.#closing.signal);
          await pause(GAP_MS, undefined, { signal: this.#closing.signal, ref: false });
        }
      } finally {
        telling = false;
      }
    };
    changes.watch((version) => {
      if (changes.channel.size === 0) return;
      // What comes while an event is being sent is one more event for all of them afterwards.
      next = () => refetchEvent(version?.());
      if (telling) return;
      telling = true;
      runJob('stream-flush', () =>
        tell().catch((error: unknown) => {
          if (this.#closing.signal.aborted) return;
          logger.error('a change could not be told to event streams', { error: describe(error) });
          changes.channel.close();
        }),
      );
    });
  }

  #between([least, most]: readonly [number, number]): number {
    return Math.round(least + (most - least) * (this.#options.random ?? Math.random)());
  }
}

/** `refetchEvaluation`; without a version where something else than the data changed. */
function refetchEvent(version: string | undefined): Frame {
  const data = JSON.stringify({ type: 'refetchEvaluation', ...(version !== undefined && { etag: `"${version}"` }) });
  const id = version === undefined ? '' : `id: ${version}\n`;
  return frame(`${id}event: message\ndata: ${data}\n\n`);
}

/** What an `EventSource` sends when it comes back. */
function lastEventId({ headers }: IncomingMessage): string | undefined {
  const sent = headers['last-event-id'];
  return typeof sent === 'string' && sent !== '' && sent.length <= MAX_ID_LENGTH ? sent : undefined;
}
