import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { jobEvery } from '../jobs/jobs.ts';

/** Why a connection was cut. */
export type CutReason = 'unread' | 'answers' | 'heads' | 'pipelined';

/** Bounds of {@link guardConnections}. */
export interface ConnectionBounds {
  readonly maxConnections: number;
  /** Bytes that one request head may have. */
  readonly maxHeaderBytes: number;
  /** Bytes of all heads together that are not complete yet. */
  readonly headBytes: number;
  /** ms that a client may read nothing, though there is something; 0 = for ever. */
  readonly unreadTimeoutMs: number;
  /** How often, in ms, connections are looked at for what they have not read. */
  readonly checkMs?: number;
}

/** What became of connections. */
export interface ConnectionEvents {
  /** A connection was closed at once because there were too many. */
  refused(): void;
  cut(reason: CutReason): void;
}

/** The connections of a server, watched until it is closed. */
export interface GuardedConnections {
  /** Open connections. */
  readonly size: number;
  close(): void;
}

/** How often connections are looked at, in ms: for unread bytes, and for unfinished heads while there are enough for those to matter. */
const CHECK_MS = 5_000;
const HEADS_MS = 100;

/** What of Node's sockets is used beyond the types. */
interface WatchedSocket extends Socket {
  readonly _handle: { readonly writeQueueSize?: number } | null;
  /** Null once it is a stream that `node:http` has let go of. */
  readonly parser?: unknown;
  /** The response that is open on it. */
  readonly _httpMessage?: unknown;
  /** Requests that it had, counted by `countRequest`. */
  requests?: number;
}

/** What was seen of a connection that has unread bytes. */
interface Unread {
  /** Bytes that wait in this process, and of these in the kernel's queue. */
  pending: number;
  queued: number | undefined;
  since: number;
}

/** What was seen of a connection while heads were watched. */
interface Head {
  requests: number | undefined;
  /** Bytes that it had sent when no head had begun. */
  mark: number;
  /** When bytes of the head were first seen; undefined without any. */
  since: number | undefined;
}

/**
 * Bounds what connections may take: how many there are, the heads that never end, and the answers and streams that nobody reads.
 * @param now the monotonic clock in ms, for tests
 */
export function guardConnections(
  server: Server,
  tls: boolean,
  bounds: ConnectionBounds,
  events: ConnectionEvents,
  now: () => number = () => performance.now(),
): GuardedConnections {
  const sockets = new Set<WatchedSocket>();
  /** Those that requests may come on: not streams. */
  const talking = new Set<WatchedSocket>();
  const unread = new Map<WatchedSocket, Unread>();
  let heads: Map<WatchedSocket, Head> | undefined;
  let headTimer: NodeJS.Timeout | undefined;
  /** Fewer connections than this cannot hold more than the budget. */
  const fewForHeads = Math.floor(bounds.headBytes / bounds.maxHeaderBytes);

  function forget(this: WatchedSocket): void {
    sockets.delete(this);
    talking.delete(this);
    unread.delete(this);
    heads?.delete(this);
  }

  const cut = (socket: WatchedSocket, reason: CutReason): void => {
    events.cut(reason);
    forget.call(socket);
    socket.destroy();
  };

  const checkUnread = (): void => {
    const time = now();
    for (const socket of sockets) {
      const pending = socket.writableLength;
      if (pending === 0) {
        if (unread.size > 0) unread.delete(socket);
        continue;
      }
      const queued = socket._handle?.writeQueueSize;
      const before = unread.get(socket);
      if (before === undefined) unread.set(socket, { pending, queued, since: time });
      else if (pending < before.pending || queued !== before.queued) {
        // Some went out: what is in the kernel's queue changes only by that.
        before.since = time;
        before.pending = pending;
        before.queued = queued;
      } else {
        before.pending = pending;
        if (time - before.since >= bounds.unreadTimeoutMs) cut(socket, 'unread');
      }
    }
  };

  const checkHeads = (): void => {
    if (talking.size <= fewForHeads) {
      heads = undefined;
      clearInterval(headTimer);
      headTimer = undefined;
      return;
    }
    const time = now();
    heads ??= new Map();
    const open: { readonly socket: WatchedSocket; readonly bytes: number; readonly since: number }[] = [];
    let sum = 0;
    for (const socket of talking) {
      if (socket.parser === null) {
        talking.delete(socket);
        heads.delete(socket);
        continue;
      }
      let head = heads.get(socket);
      if (head === undefined) {
        head = { requests: undefined, mark: 0, since: undefined };
        heads.set(socket, head);
      }
      const { bytesRead, requests } = socket;
      // A request was read since, or is being answered: what had come belongs to it.
      if (socket._httpMessage || requests !== head.requests) {
        head.mark = bytesRead;
        head.requests = requests;
      }
      const bytes = bytesRead - head.mark;
      head.since = bytes === 0 ? undefined : (head.since ?? time);
      if (head.since === undefined) continue;
      sum += bytes;
      open.push({ socket, bytes, since: head.since });
    }
    if (sum <= bounds.headBytes) return;
    open.sort((a, b) => a.since - b.since || b.bytes - a.bytes);
    for (const { socket, bytes } of open) {
      if (sum <= bounds.headBytes) break;
      sum -= bytes;
      cut(socket, 'heads');
    }
  };

  server.maxConnections = bounds.maxConnections;
  server.on('drop', () => events.refused());
  server.on(tls ? 'secureConnection' : 'connection', (socket: WatchedSocket) => {
    sockets.add(socket);
    talking.add(socket);
    socket.on('close', forget);
    if (talking.size > fewForHeads && headTimer === undefined) {
      headTimer = jobEvery('connections', HEADS_MS, checkHeads);
      headTimer.unref();
    }
  });
  const timer =
    bounds.unreadTimeoutMs > 0 ? jobEvery('connections', bounds.checkMs ?? CHECK_MS, checkUnread) : undefined;
  timer?.unref();
  return {
    get size() {
      return sockets.size;
    },
    close() {
      clearInterval(timer);
      clearInterval(headTimer);
    },
  };
}

/** Notes on its connection that a request has come. Called for each. */
export function countRequest(socket: Socket): void {
  const counted = socket as WatchedSocket;
  counted.requests = (counted.requests ?? 0) + 1;
}
