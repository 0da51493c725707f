import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Taker } from '../memory/fair-bytes.ts';
import type { RouteStats } from '../telemetry/request-metrics.ts';
import type { RequestLine } from './request-log.ts';
import { giveScratchBack } from './scratch.ts';
import type { UnreadAnswers } from './unread-answers.ts';
import type { WatchedSocket } from './watched-socket.ts';

/** Less than this is not worth watching, in bytes. */
const LITTLE = 16 * 1024;

/** Whose the memory is that requests take which opened no environment. */
const NOBODY = {};

/** A response that records itself when it ends. A subclass, because a `finish` listener per request costs more. */
export class RelayResponse extends ServerResponse implements Taker {
  /** Set by the dispatcher; answers of unknown paths count under their own name. */
  stats: RouteStats | undefined;
  /** Set by the dispatcher where requests are logged. */
  line: RequestLine | undefined;
  /** Set by the dispatcher; watches what the client does not take at once. */
  unread: UnreadAnswers | undefined;
  /** The environment that the request opened; what it takes of memory counts as that one's. */
  owner: object = NOBODY;
  /** It was opened with a key that is no secret, or none was. */
  isPublic = true;
  /** The body, where its buffer may be used again once the kernel has taken it. */
  scratch: Buffer | undefined;
  /** Called when the answers before it on the connection have gone, where there were some; see `turns.ts`. */
  onTurn: (() => void) | undefined;
  /** Had to wait for its turn: its request's event has passed. */
  waited = false;
  readonly startedAt = performance.now();

  /** A stream opens: it counts now, and its end is not an answer that is timed. */
  opened(): void {
    this.stats?.count(200);
    this.stats = undefined;
    this.#log(200);
  }

  override assignSocket(socket: Socket): void {
    super.assignSocket(socket);
    const { onTurn } = this;
    if (onTurn === undefined) return;
    this.onTurn = undefined;
    onTurn();
  }

  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    this.stats?.record(this.statusCode, performance.now() - this.startedAt);
    this.stats = undefined;
    if (this.line !== undefined) this.#log(this.statusCode);
    super.end(chunk as string, encoding as BufferEncoding, callback as () => void);
    const { socket, scratch } = this;
    if (socket !== null) {
      // The kernel has taken what it could: only what is left takes memory of this process.
      const left = socket.writableLength;
      if (left > LITTLE) this.unread?.add(this, chunk, this);
      if (scratch !== undefined && left === 0) giveScratchBack(scratch);
    }
    this.scratch = undefined;
    return this;
  }

  /** Once for each request. */
  #log(status: number): void {
    this.line?.(status, performance.now() - this.startedAt);
    this.line = undefined;
  }
}

/** Notes which environment a request opened, and whether with a key that is no secret: an SDK key is one, those of apps and pages are not. */
export function opensFor(response: ServerResponse, owner: object, isPublic: boolean): void {
  const opened = response as RelayResponse;
  opened.owner = owner;
  opened.isPublic = isPublic;
  const socket: WatchedSocket | null = opened.socket as WatchedSocket | null;
  if (!isPublic && socket !== null && socket.knowsSecret !== true) socket.knowsSecret = true;
}

/** For whom a request takes memory. */
export function takerOf(response: ServerResponse): Taker {
  return response as RelayResponse;
}
