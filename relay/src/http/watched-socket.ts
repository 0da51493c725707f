import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What of Node's sockets is used beyond the types. */
export interface WatchedSocket extends Socket {
  readonly _handle: { readonly writeQueueSize?: number; readonly _parentWrap?: Socket } | null;
  /** Null once it is a stream that `node:http` has let go of. */
  readonly parser?: unknown;
  /** The response that is open on it. */
  readonly _httpMessage?: { readonly req: IncomingMessage; readonly isPublic?: boolean } | null;
  /** A request on it showed a key that is a secret. */
  knowsSecret?: boolean;
  /** Requests that it had, counted by {@link countRequest}. */
  requests?: number;
}

/** Notes on its connection that a request has come. Called for each. */
export function countRequest(socket: Socket): void {
  const counted = socket as WatchedSocket;
  counted.requests = (counted.requests ?? 0) + 1;
}
