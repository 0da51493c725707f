import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RelayResponse } from './response.ts';

/** Requests that may wait on one connection for the answers before them; who sends more at once is cut. */
const MAX_WAITING = 256;
/** Requests that may wait on all connections together. */
const MAX_WAITING_IN_ALL = 10_000;

/** What requests are handed to. */
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Counts on the socket itself: a lookup for each request would cost more. */
interface CountedSocket extends Socket {
  waitingRequests?: number;
}

/**
 * Has requests of one connection answered one after the other: one that comes while an answer before it is still open is handed on when its
 * turn comes. Otherwise each of thousands of requests in one packet could open a stream, or have an answer kept in memory, behind an answer
 * that never ends. A request that comes when nothing is open, as nearly all do, is handed on as it is.
 */
export class Turns {
  readonly #cut: () => void;
  #waiting = 0;

  /** @param cut called for each connection that is cut */
  constructor(cut: () => void) {
    this.#cut = cut;
  }

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waiting;
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
    const { waitingRequests } = socket;
    if ((waitingRequests ?? 0) >= MAX_WAITING || this.#waiting >= MAX_WAITING_IN_ALL) {
      this.#cut();
      socket.destroy();
      return;
    }
    if (waitingRequests === undefined) {
      socket.once('close', () => {
        this.#waiting -= socket.waitingRequests ?? 0;
        socket.waitingRequests = 0;
      });
    }
    socket.waitingRequests = (waitingRequests ?? 0) + 1;
    this.#waiting += 1;
    response.waited = true;
    response.onTurn = () => {
      socket.waitingRequests = (socket.waitingRequests ?? 1) - 1;
      this.#waiting -= 1;
      listener(request, response);
    };
  }
}
