import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RelayResponse } from './response.ts';

/** Requests that may wait on one connection for the answers before them; who sends more at once is cut. */
const MAX_WAITING = 256;
/** Requests that may wait on all connections together. */
const MAX_WAITING_IN_ALL = 10_000;
/** Bytes that they may take on one connection, unless it is a single one; and on all. */
const MAX_BYTES = 1024 * 1024;
const MAX_BYTES_IN_ALL = 16 * 1024 * 1024;
/** Objects of a request and its response, in bytes, roughly. */
const REQUEST_BYTES = 2 * 1024;
/** What requests are handed to. */
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** A request that waits. */
interface Waiting {
  readonly request: IncomingMessage;
  /** What it is counted with. */
  bytes: number;
}

/** Counts on the socket itself: a lookup for each request would cost more. */
interface CountedSocket extends Socket {
  waitingRequests?: number;
  waitingBytes?: number;
  lastWaiting?: Waiting | undefined;
}

/**
 * Has requests of one connection answered one after the other: one that comes while an answer before it is still open is handed on when its
 * turn comes. Otherwise each of thousands of requests in one packet could open a stream, or have an answer kept in memory, behind an answer
 * that never ends. A request that comes when nothing is open, as nearly all do, is handed on as it is.
 */
export class Turns {
  readonly #cut: () => void;
  #waiting = 0;
  #bytes = 0;

  /** @param cut called for each connection that is cut */
  constructor(cut: () => void) {
    this.#cut = cut;
  }

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Bytes that they take, about. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /** A listener for `request` that hands on to another. */
  inTurn(listener: Listener): Listener {
    return (request, response) => {
      if (response.socket !== null) listener(request, response);
      else this.#wait(request, response as RelayResponse, listener);
    };
  }

  #wait(request: IncomingMessage, response: RelayResponse, listener: Listener): void {
    const socket = request.socket as CountedSocket;
    // The parser goes on with what it has read of a connection that was cut.
    if (socket.destroyed) return;
    this.#countBody(socket);
    const { waitingRequests = 0, waitingBytes = 0 } = socket;
    const waiting = { request, bytes: headBytes(request) };
    if (
      waitingRequests >= MAX_WAITING ||
      this.#waiting >= MAX_WAITING_IN_ALL ||
      (waitingRequests > 0 && waitingBytes + waiting.bytes > MAX_BYTES) ||
      this.#bytes + waiting.bytes > MAX_BYTES_IN_ALL
    ) {
      this.#cut();
      socket.destroy();
      return;
    }
    if (socket.waitingRequests === undefined) {
      socket.once('close', () => this.#count(socket, -(socket.waitingRequests ?? 0), -(socket.waitingBytes ?? 0)));
    }
    this.#count(socket, 1, waiting.bytes);
    socket.lastWaiting = waiting;
    response.waited = true;
    response.onTurn = () => {
      if (socket.lastWaiting === waiting) socket.lastWaiting = undefined;
      // A connection that was closed has given back everything.
      if (socket.waitingRequests !== 0) this.#count(socket, -1, -waiting.bytes);
      listener(request, response);
    };
  }

  /**
   * Counts the body of the request before the one that comes: it is there as a whole now. That of the last one is not counted; Node reads no
   * more than 64 KiB of it before somebody asks for it.
   */
  #countBody(socket: CountedSocket): void {
    const { lastWaiting } = socket;
    if (lastWaiting === undefined || socket.waitingRequests === 0) return;
    const body = lastWaiting.request.readableLength;
    lastWaiting.bytes += body;
    this.#count(socket, 0, body);
    socket.lastWaiting = undefined;
  }

  #count(socket: CountedSocket, requests: number, bytes: number): void {
    socket.waitingRequests = (socket.waitingRequests ?? 0) + requests;
    socket.waitingBytes = (socket.waitingBytes ?? 0) + bytes;
    this.#waiting += requests;
    this.#bytes += bytes;
  }
}

/** Bytes that a request takes, its body apart. */
function headBytes({ url = '', rawHeaders }: IncomingMessage): number {
  let bytes = REQUEST_BYTES + url.length;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
