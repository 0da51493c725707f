import type { Frame } from './sse.ts';

/**
 * One SDK's open stream, as the hub sees it. How the bytes travel (raw socket, `node:http` response, TLS) is behind it.
 *
 * It is open until either side or the network closes it, and closed from then on.
 */
export interface StreamConnection {
  /** Sends a frame; what the peer does not take yet waits in memory. Does nothing once closed. */
  write(frame: Frame): void;
  /** Like {@link write}; `done` is called once the frame has left for the kernel, or the connection closed. */
  writeThen(frame: Frame, done: () => void): void;
  /** Bytes that wait for the peer. */
  readonly pendingBytes: number;
  /** Sends what waits, then ends the response. Cuts after `graceMs` when the peer does not take it. */
  end(graceMs: number): void;
  /** Cuts at once. */
  destroy(): void;
  /** The connection is gone, for whatever reason. */
  readonly closed: boolean;
  /** Calls `listener` once when the connection is gone, at once if it is already. Listeners do not disturb each other. */
  onClose(listener: () => void): void;
  /** Forgets a listener that need not hear any more. */
  offClose(listener: () => void): void;
}

type Listener = () => void;

/** The part of a connection that everyone has: who hears of its end. */
export abstract class ClosableConnection implements StreamConnection {
  /** The listeners while it is open: none, one (as most of very many connections have), or several. */
  #state: undefined | Listener | readonly Listener[] | 'closed';

  abstract write(frame: Frame): void;
  abstract writeThen(frame: Frame, done: () => void): void;
  abstract get pendingBytes(): number;
  abstract end(graceMs: number): void;
  abstract destroy(): void;

  get closed(): boolean {
    return this.#state === 'closed';
  }

  onClose(listener: Listener): void {
    const state = this.#state;
    if (state === 'closed') listener();
    else if (state === undefined) this.#state = listener;
    else this.#state = typeof state === 'function' ? [state, listener] : [...state, listener];
  }

  offClose(listener: Listener): void {
    const state = this.#state;
    if (state === listener) this.#state = undefined;
    else if (typeof state === 'object') this.#state = state.filter((one) => one !== listener);
  }

  /** To be called by the transport when the connection is gone. The first call counts. */
  protected hasClosed(): void {
    const state = this.#state;
    this.#state = 'closed';
    if (typeof state === 'function') state();
    else if (typeof state === 'object') for (const listener of state) listener();
  }
}
