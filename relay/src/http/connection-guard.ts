import type { Server } from 'node:http';
import { jobEvery } from '../jobs/jobs.ts';
import { ConnectionRoom } from './connection-room.ts';
import { type ReadBounds, SlowReaders } from './slow-readers.ts';
import type { WatchedSocket } from './watched-socket.ts';

/** Why a connection was cut. */
export type CutReason = 'unread' | 'slow' | 'answers' | 'heads' | 'pipelined' | 'full';

/** Bounds of {@link guardConnections}. */
export interface ConnectionBounds {
  readonly maxConnections: number;
  /** Bytes that one request head may have. */
  readonly maxHeaderBytes: number;
  /** Bytes of all heads together that are not complete yet. */
  readonly headBytes: number;
  readonly reading: ReadBounds;
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

/** Connections that the kernel's queue may bring while others that give way are being closed. */
const SPARE_CONNECTIONS = 256;
/** How often connections are looked at, in ms: for unread bytes, and for unfinished heads while there are enough for those to matter. */
const CHECK_MS = 5_000;
const HEADS_MS = 100;

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
  const readers = new SlowReaders(bounds.reading);
  const room = new ConnectionRoom();
  /** With TLS, those whose handshake is not done. */
  const raw = new Set<WatchedSocket>();
  let heads: Map<WatchedSocket, Head> | undefined;
  let headTimer: NodeJS.Timeout | undefined;
  /** Fewer connections than this cannot hold more than the budget. */
  const fewForHeads = Math.floor(bounds.headBytes / bounds.maxHeaderBytes);

  function forget(this: WatchedSocket): void {
    sockets.delete(this);
    talking.delete(this);
    raw.delete(this);
    readers.forget(this);
    room.delete(this);
    heads?.delete(this);
  }

  /** A handshake is done, or its connection gone. */
  function handshakeOver(this: WatchedSocket): void {
    raw.delete(this);
    room.delete(this);
  }

  const cut = (socket: WatchedSocket, reason: CutReason): void => {
    events.cut(reason);
    forget.call(socket);
    socket.destroy();
  };

  const checkReaders = (): void => {
    const time = now();
    for (const socket of sockets) {
      const fault = readers.look(socket, time);
      if (fault !== undefined) cut(socket, fault);
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

  /** Makes room for a newcomer where there are too many; false: there is none, and it is closed. */
  const makeRoom = (newcomer: WatchedSocket): boolean => {
    if (sockets.size + raw.size < bounds.maxConnections) return true;
    const victim = room.victim(newcomer);
    if (victim === undefined) {
      events.refused();
      newcomer.destroy();
      return false;
    }
    cut(victim, 'full');
    return true;
  };

  const admit = (socket: WatchedSocket): void => {
    sockets.add(socket);
    talking.add(socket);
    room.add(socket);
    socket.on('close', forget);
    if (talking.size > fewForHeads && headTimer === undefined) {
      headTimer = jobEvery('connections', HEADS_MS, checkHeads);
      headTimer.unref();
    }
  };

  server.maxConnections = bounds.maxConnections + SPARE_CONNECTIONS;
  server.on('drop', () => events.refused());
  if (tls) {
    server.on('connection', (socket: WatchedSocket) => {
      if (!makeRoom(socket)) return;
      raw.add(socket);
      room.add(socket);
      socket.on('close', handshakeOver);
    });
    server.on('secureConnection', (socket: WatchedSocket) => {
      const before = socket._handle?._parentWrap;
      if (before !== undefined) handshakeOver.call(before as WatchedSocket);
      admit(socket);
    });
  } else {
    server.on('connection', (socket: WatchedSocket) => {
      if (makeRoom(socket)) admit(socket);
    });
  }
  const timer = jobEvery('connections', bounds.checkMs ?? CHECK_MS, checkReaders);
  timer.unref();
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
