import { jobSoon, runJob } from '../jobs/jobs.ts';
import type { StreamConnection } from './connection.ts';
import { type Frame, merge } from './sse.ts';
import { stagger } from './stagger.ts';
import type { WheelSlot } from './wheel.ts';

/** Who opened a stream. */
export interface StreamClient {
  /** Digest of the credential that opened it, for revocation. */
  readonly credential: string;
  /** Label of the kind of SDK, for metrics. */
  readonly platform: string;
}

/** One connection in a channel. */
export interface Subscriber {
  readonly connection: StreamConnection;
  readonly kind: string;
  readonly client: StreamClient;
  /** Bytes of the first payload while it has not left: it may be larger than the buffer limit by itself. */
  initialBytes: number;
  slot: WheelSlot<Subscriber> | undefined;
  lifetime: NodeJS.Timeout | undefined;
}

/** What the hub that made a channel provides to it. */
export interface ChannelOwner {
  readonly maxBufferedBytes: number;
  added(subscriber: Subscriber): void;
  removed(subscriber: Subscriber): void;
  cut(): void;
  /** A change was written to all connections. @param ms since its message had come from upstream */
  delivered(ms: number): void;
}

/** Frames larger than this are not copied together with others: they go out on their own. */
const MERGE_LIMIT_BYTES = 64 * 1024;

/**
 * The streams of one kind in one environment. Events reach every connection in the order of {@link publish}; those of one
 * turn of the event loop go out as one write, and a frame that says the same however often it is sent goes out once.
 */
export class Channel {
  readonly kind: string;
  readonly #owner: ChannelOwner;
  readonly #subscribers = new Set<Subscriber>();
  #queue: Frame[] = [];
  #scheduled = false;
  /** When the oldest change in the queue had come, on the monotonic clock; undefined without one. */
  #since: number | undefined;

  constructor(kind: string, owner: ChannelOwner) {
    this.kind = kind;
    this.#owner = owner;
  }

  /** Open streams. */
  get size(): number {
    return this.#subscribers.size;
  }

  /**
   * Takes over a connection. `initial` is what it gets first; events published before this call are not sent to it.
   * `sent` is called when the first payload has left, or the connection closed. One that is closed already does not join.
   */
  add(connection: StreamConnection, client: StreamClient, initial: Frame | undefined, sent?: () => void): void {
    if (connection.closed) {
      sent?.();
      return;
    }
    this.#flush();
    const subscriber: Subscriber = {
      connection,
      kind: this.kind,
      client,
      initialBytes: 0,
      slot: undefined,
      lifetime: undefined,
    };
    connection.onClose(() => {
      this.#subscribers.delete(subscriber);
      this.#owner.removed(subscriber);
    });
    this.#subscribers.add(subscriber);
    this.#owner.added(subscriber);
    if (initial === undefined) {
      sent?.();
    } else {
      subscriber.initialBytes = initial.chunk.length;
      connection.writeThen(initial, () => {
        subscriber.initialBytes = 0;
        sent?.();
      });
    }
  }

  /** Sends an event to all. @param since when its cause had come, as `performance.now()` counts; absent: it is not timed */
  publish(frame: Frame, since?: number): void {
    if (this.#subscribers.size === 0) return;
    if (since !== undefined) this.#since ??= since;
    if (frame.once && this.#queue.at(-1) === frame) return;
    this.#queue.push(frame);
    if (!this.#scheduled) {
      this.#scheduled = true;
      jobSoon('stream-flush', () => this.#flush());
    }
  }

  /**
   * Sends an event to all that are here now, spread evenly over `overMs`, so that what they do about it comes spread; resolves when it was sent to
   * the last one, or the signal aborts.
   */
  async spread(frame: Frame, overMs: number, signal: AbortSignal): Promise<void> {
    await stagger(
      [...this.#subscribers],
      overMs,
      (subscriber) => {
        if (this.#subscribers.has(subscriber)) this.#deliverOrCut(subscriber, frame);
      },
      signal,
    );
  }

  /** Closes the streams that a credential opened, at once (contract 2.3). */
  revoke(credential: string): void {
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.client.credential === credential) subscriber.connection.end(0);
    }
  }

  /** Closes all streams at once. */
  close(): void {
    this.#flush();
    for (const subscriber of [...this.#subscribers]) subscriber.connection.end(0);
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#queue.length === 0) return;
    const queue = this.#queue;
    const since = this.#since;
    this.#queue = [];
    this.#since = undefined;
    for (const frame of batch(queue)) {
      for (const subscriber of this.#subscribers) this.#deliverOrCut(subscriber, frame);
    }
    if (since !== undefined) this.#owner.delivered(performance.now() - since);
  }

  #deliverOrCut(subscriber: Subscriber, frame: Frame): void {
    try {
      this.#deliver(subscriber, frame);
    } catch (error) {
      // It would miss a change without knowing. Cut, it comes again and gets everything; the others get theirs.
      subscriber.connection.destroy();
      runJob('stream-flush', () => Promise.reject(error));
    }
  }

  #deliver(subscriber: Subscriber, frame: Frame): void {
    const { connection } = subscriber;
    if (connection.pendingBytes > this.#owner.maxBufferedBytes + subscriber.initialBytes) {
      // Out of the channel now: the close event comes a turn later, and one client is cut once.
      this.#subscribers.delete(subscriber);
      this.#owner.removed(subscriber);
      this.#owner.cut();
      connection.destroy();
    } else {
      connection.write(frame);
    }
  }
}

/** Joins neighbouring small frames. */
function batch(queue: readonly Frame[]): Frame[] {
  const out: Frame[] = [];
  let small: Frame[] = [];
  for (const frame of queue) {
    if (frame.bytes.length <= MERGE_LIMIT_BYTES) {
      small.push(frame);
      continue;
    }
    if (small.length > 0) out.push(merge(small));
    small = [];
    out.push(frame);
  }
  if (small.length > 0) out.push(merge(small));
  return out;
}
