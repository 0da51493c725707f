import { jobAfter } from '../jobs/jobs.ts';
import { Channel, type Subscriber } from './channel.ts';
import { HEARTBEAT } from './sse.ts';
import { sample, stagger } from './stagger.ts';
import { createWheel, type Wheel } from './wheel.ts';

/** What the hub tells of itself. */
export interface HubMetrics {
  opened(kind: string, platform: string): void;
  closed(kind: string, platform: string): void;
  /** A client was cut because it did not read. */
  cut(): void;
  /** A stream was ended so that its client may go to another pod. */
  rebalanced(): void;
  /** A change was written to all streams of a channel. @param ms since its message had come from upstream */
  delivered(ms: number): void;
}

/** Limits of all streams of the relay (contract 2.1). Times in ms, sizes in bytes. */
export interface HubOptions {
  /** 0 = no heartbeats */
  readonly heartbeatMs: number;
  /** 0 = streams live forever; else they end after this, less up to 10 % at random so that they do not all come back at once */
  readonly maxConnectionMs: number;
  /** A client with more than this unread when the next event comes is cut. */
  readonly maxBufferedBytes: number;
  readonly metrics: HubMetrics;
  /** 0 ≤ x < 1 */
  readonly random?: () => number;
}

/** How long a stream that is ended politely may take to accept its last bytes. */
const END_GRACE_MS = 2_000;

/** Owns every open stream: heartbeats, life time, limits, and the staggered close of a drain. Channels belong to environments. */
export class Hub {
  readonly #options: HubOptions;
  readonly #wheel: Wheel<Subscriber> | undefined;
  readonly #subscribers = new Set<Subscriber>();

  constructor(options: HubOptions) {
    this.#options = options;
    if (options.heartbeatMs > 0) {
      this.#wheel = createWheel(options.heartbeatMs, (subscriber) => this.#deliverHeartbeat(subscriber));
    }
  }

  /** Open streams. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Makes a channel whose events are shared by all its subscribers. @param kind what its streams carry, for metrics */
  createChannel(kind: string): Channel {
    return new Channel(kind, {
      maxBufferedBytes: this.#options.maxBufferedBytes,
      added: (subscriber) => this.#added(subscriber),
      removed: (subscriber) => this.#removed(subscriber),
      cut: () => this.#options.metrics.cut(),
      delivered: (ms) => this.#options.metrics.delivered(ms),
    });
  }

  /** Ends all streams, spread evenly over `overMs`, in the order in which they came. Resolves when the last one is told to end. */
  async drain(overMs: number): Promise<void> {
    await stagger([...this.#subscribers], overMs, (subscriber) => subscriber.connection.end(END_GRACE_MS));
    for (const subscriber of this.#subscribers) subscriber.connection.end(END_GRACE_MS);
  }

  /**
   * Ends a share (0 to 1) of the streams, chosen at random, spread evenly over `overMs`: their clients reconnect, and some of
   * them to other pods. Resolves to how many were ended; the signal keeps the rest open.
   */
  async shed(share: number, overMs: number, signal: AbortSignal): Promise<number> {
    const { metrics, random = Math.random } = this.#options;
    const chosen = sample(this.#subscribers, Math.round(this.#subscribers.size * share), random);
    let ended = 0;
    const end = (subscriber: Subscriber): void => {
      // It may have ended by itself meanwhile.
      if (!this.#subscribers.has(subscriber)) return;
      ended += 1;
      metrics.rebalanced();
      subscriber.connection.end(END_GRACE_MS);
    };
    await stagger(chosen, overMs, end, signal);
    return ended;
  }

  /** Cuts what is still open and stops the timers. */
  close(): void {
    this.#wheel?.close();
    for (const subscriber of [...this.#subscribers]) subscriber.connection.destroy();
  }

  #added(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#options.metrics.opened(subscriber.kind, subscriber.client.platform);
    subscriber.slot = this.#wheel?.add(subscriber);
    const { maxConnectionMs, random = Math.random } = this.#options;
    if (maxConnectionMs > 0) {
      // Sixteen steps instead of a continuous jitter: equal durations share one of Node's timer lists.
      const jitter = Math.floor(random() * 16) / 160;
      const end = (): void => subscriber.connection.end(END_GRACE_MS);
      subscriber.lifetime = jobAfter('stream-lifetime', maxConnectionMs * (1 - jitter), end);
      subscriber.lifetime.unref();
    }
  }

  #removed(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber)) return;
    subscriber.slot?.delete(subscriber);
    clearTimeout(subscriber.lifetime);
    this.#options.metrics.closed(subscriber.kind, subscriber.client.platform);
  }

  /** A client that does not read keeps its heartbeats waiting: it is not sent more of them, and cut once it is over the limit. */
  #deliverHeartbeat(subscriber: Subscriber): void {
    const pending = subscriber.connection.pendingBytes;
    if (pending === 0) {
      subscriber.connection.write(HEARTBEAT);
    } else if (pending > this.#options.maxBufferedBytes + subscriber.initialBytes) {
      subscriber.slot?.delete(subscriber);
      this.#options.metrics.cut();
      subscriber.connection.destroy();
    }
  }
}
