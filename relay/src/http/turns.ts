import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RelayResponse } from './response.ts';

/** Requests that may wait on one connection for the answers before them; who sends more at once is cut. */
const MAX_WAITING = 256;
/** Requests that may wait on all connections together. */
const MAX_WAITING_IN_ALL = 10_000;
/** Bytes that they may take on one connection, unless it is a single one; and on all. */
const MAX_BYTES = 512 * 1024;
const MAX_BYTES_IN_ALL = 16 * 1024 * 1024;
/** Objects of a request and its response, in bytes, roughly. */
const REQUEST_BYTES = 2 * 1024;
/** Most of a body that is read before anybody asks for it, in bytes: then Node stops reading from the connection. */
const MOST_READ_AHEAD = 64 * 1024;

/** What requests are handed to. */
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Counts on the socket itself: a lookup for each request would cost more. */
interface CountedSocket extends Socket {
  waitingRequests?: number;
  waitingBytes?: number;
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
    const { waitingRequests = 0, waitingBytes = 0 } = socket;
    const bytes = bytesOf(request);
    if (
      waitingRequests >= MAX_WAITING ||
      this.#waiting >= MAX_WAITING_IN_ALL ||
      (waitingRequests > 0 && waitingBytes + bytes > MAX_BYTES) ||
      this.#bytes + bytes > MAX_BYTES_IN_ALL
    ) {
      this.#cut();
      socket.destroy();
      return;
    }
    if (socket.waitingRequests === undefined) {
      socket.once('close', () => this.#count(socket, -(socket.waitingRequests ?? 0), -(socket.waitingBytes ?? 0)));
    }
    this.#count(socket, 1, bytes);
    response.waited = true;
    response.onTurn = () => {
      // A connection that was closed has given back everything.
      if (socket.waitingRequests !== 0) this.#count(socket, -1, -bytes);
      listener(request, response);
    };
  }

  #count(socket: CountedSocket, requests: number, bytes: number): void {
    socket.waitingRequests = (socket.waitingRequests ?? 0) + requests;
    socket.waitingBytes = (socket.waitingBytes ?? 0) + bytes;
    this.#waiting += requests;
    this.#bytes += bytes;
  }
}

/** Bytes that a request takes while nobody reads its body. */
function bytesOf({ url = '', rawHeaders, headers }: IncomingMessage): number {
  let bytes = REQUEST_BYTES + url.length;
  for (const text of rawHeaders) bytes += text.length;
  if (headers['transfer-encoding'] !== undefined) return bytes + MOST_READ_AHEAD;
  const length = Number(headers['content-length'] ?? 0);
  return bytes + (length <= MOST_READ_AHEAD ? length : MOST_READ_AHEAD);
}
