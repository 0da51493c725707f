import type { WatchedSocket } from './watched-socket.ts';

/** Connections that are looked at for each new one, at most. */
const LOOKS = 64;

/**
 * Connections in the order in which they came, of which one gives way when there are too many: one on which nothing happens, or whose request
 * comes slowly, and that no secret key was ever shown on. Without that anybody could lock out everybody by opening connections.
 */
export class ConnectionRoom {
  /** Those that may give way: no streams, and with TLS those whose handshake is not done. */
  readonly #sockets = new Set<WatchedSocket>();

  add(socket: WatchedSocket): void {
    this.#sockets.add(socket);
  }

  delete(socket: WatchedSocket): void {
    this.#sockets.delete(socket);
  }

  /** The oldest that can give way to a new one; undefined where the oldest are all at work. */
  victim(newcomer: WatchedSocket): WatchedSocket | undefined {
    let looks = LOOKS;
    for (const socket of this.#sockets) {
      if (socket === newcomer || looks-- === 0) return undefined;
      this.#sockets.delete(socket);
      if (socket.parser === null) continue; // a stream: those have bounds of their own
      if (givesWay(socket)) return socket;
      // At work: others are looked at before it next time.
      this.#sockets.add(socket);
    }
    return undefined;
  }
}

function givesWay({ _httpMessage: response, knowsSecret }: WatchedSocket): boolean {
  if (knowsSecret === true) return false;
  return response === undefined || response === null || (response.isPublic !== false && !response.req.complete);
}
