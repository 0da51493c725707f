import type { WatchedSocket } from './watched-socket.ts';

/** How slowly clients may read what waits for them. */
export interface ReadBounds {
  /** ms that a client may read nothing, though there is something; 0 = without end. */
  readonly unreadTimeoutMs: number;
  /** Bytes a second that it has to read over the time beyond `slackMs`; 0 = as slow as it likes. */
  readonly minBytesPerSecond: number;
  /** ms that something may wait before the speed counts. */
  readonly slackMs: number;
  /** ms on end that something may wait for it; 0 = without end. */
  readonly maxMs: number;
}

/** Why a connection is cut whose client does not read as it should. */
export type ReadFault = 'unread' | 'slow';

/** What was seen of a connection for which something waits. */
interface Reader {
  /** Bytes that wait in this process, and of these in the kernel's queue. */
  pending: number;
  queued: number | undefined;
  /** Bytes that were ever written to it. */
  written: number;
  /** When something was last seen to have gone out. */
  movedAt: number;
  /** Since when something waits, and how much has gone out since. */
  readonly waitsSince: number;
  read: number;
}

/** Judges clients for which something waits by how they read, from one look to the next. */
export class SlowReaders {
  readonly #bounds: ReadBounds;
  readonly #readers = new Map<WatchedSocket, Reader>();

  constructor(bounds: ReadBounds) {
    this.#bounds = bounds;
  }

  /** Looks at a connection at a time in ms, and says why it is to be cut, if it is. */
  look(socket: WatchedSocket, time: number): ReadFault | undefined {
    const pending = socket.writableLength;
    if (pending === 0) {
      if (this.#readers.size > 0) this.#readers.delete(socket);
      return undefined;
    }
    const queued = socket._handle?.writeQueueSize;
    const written = socket.bytesWritten;
    const reader = this.#readers.get(socket);
    if (reader === undefined) {
      this.#readers.set(socket, { pending, queued, written, movedAt: time, waitsSince: time, read: 0 });
      return undefined;
    }
    const gone = goneSince(reader, pending, queued, written);
    if (gone > 0) {
      reader.movedAt = time;
      reader.read += gone;
    }
    reader.pending = pending;
    reader.queued = queued;
    reader.written = written;
    return this.#faultOf(reader, time);
  }

  forget(socket: WatchedSocket): void {
    this.#readers.delete(socket);
  }

  #faultOf(reader: Reader, time: number): ReadFault | undefined {
    const { unreadTimeoutMs, minBytesPerSecond, slackMs, maxMs } = this.#bounds;
    if (unreadTimeoutMs > 0 && time - reader.movedAt >= unreadTimeoutMs) return 'unread';
    const waits = time - reader.waitsSince;
    if (reader.read < ((waits - slackMs) / 1000) * minBytesPerSecond) return 'slow';
    return maxMs > 0 && waits >= maxMs ? 'slow' : undefined;
  }
}

/**
 * Bytes that have gone out since the last look: whole writes that are done, else what left the kernel's queue, which changes only by that.
 * A large write counts as it leaves the queue and again when it is done; who reads is judged in his favour.
 */
function goneSince(before: Reader, pending: number, queued: number | undefined, written: number): number {
  const done = before.pending + (written - before.written) - pending;
  if (done > 0) return done;
  return queued === before.queued ? 0 : Math.max(1, (before.queued ?? 0) - (queued ?? 0));
}
