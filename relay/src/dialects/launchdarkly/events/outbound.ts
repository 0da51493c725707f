import { runJob } from '../../../jobs/jobs.ts';
import type { Endpoint } from './endpoint.ts';
import { type Parcel, pack } from './parcel.ts';
import type { Queue, Queues } from './queues.ts';
import type { EventMetrics } from './types.ts';

/** Payloads on their way; while there are so many, queues fill up. As many as the workers of an SDK's event processor. */
const MAX_OUT = 5;

/** What has left the queues of a lane and is not at its end: on its way upstream, or back from there to be sent again. */
export interface Outbound {
  /** One more payload may be sent now. */
  canSend(): boolean;
  /** Sends the next payload of a queue; false when that is empty. The caller has asked whether it may be sent. */
  sendQueue(queue: Queue): boolean;
  /** Sends what came back, as far as upstream takes it. Returns how long the rest has to wait, in ms; 0 without a rest that waits. */
  sendReturned(): number;
  /** From now on what upstream does not take is lost. */
  keepNothing(): void;
  /** Sends everything, whatever upstream did before; ends early when it refuses. Resolves when nothing is on its way any more. */
  sendAll(): Promise<void>;
  /** Counts and lets go of what is still here and in the queues. */
  giveUp(): void;
  /** Payloads that came back and wait. */
  readonly returned: number;
}

/** What {@link createOutbound} works with. */
export interface OutboundDeps {
  readonly endpoint: Endpoint;
  readonly queues: Queues;
  readonly metrics: Pick<EventMetrics, 'dropped'>;
  /** Ends what is on its way. */
  readonly signal: AbortSignal;
  /** A payload has ended its way, however. */
  readonly sent: () => void;
}

/** Events whose memory is taken. */
interface Held {
  readonly count: number;
  release(): void;
}

interface Returned {
  readonly parcel: Parcel;
  readonly queue: Queue;
}

/**
 * Makes the way out of a lane. A payload goes: in a queue → on its way → taken, or lost and counted, or returned → on its way …
 * Whatever happens, it is counted once and its memory given back.
 */
export function createOutbound({ endpoint, queues, metrics, signal, sent }: OutboundDeps): Outbound {
  const returned: Returned[] = [];
  const out = new Set<Promise<void>>();
  let keeps = true;

  const lose = (held: Held, reason: 'failed' | 'shutdown'): void => {
    metrics.dropped(held.count, reason);
    held.release();
  };

  /** @param held what is lost by a mistake of ours */
  const dispatch = (queue: Queue, packed: Promise<Parcel>, held: Held): void => {
    const way = packed
      .then((parcel) => endpoint.send(parcel, queue.schema, queue.tags, signal))
      .then(
        ({ again, serverTime }) => {
          if (serverTime !== undefined) queue.summarizer?.serverTime(serverTime);
          if (again === undefined) return;
          if (keeps) returned.push({ parcel: again, queue });
          else lose(again, 'failed');
        },
        (error: unknown) => {
          lose(held, 'failed');
          runJob('events-sent', () => Promise.reject(error));
        },
      )
      .finally(() => {
        out.delete(way);
        sent();
      });
    out.add(way);
  };

  const sendQueue = (queue: Queue): boolean => {
    const payload = queues.take(queue);
    if (payload === undefined) return false;
    dispatch(queue, pack(payload), { count: payload.count, release: () => payload.release() });
    return true;
  };

  const sendOneReturned = (): void => {
    const { parcel, queue } = returned.shift()!;
    dispatch(queue, Promise.resolve(parcel), parcel);
  };

  /** While upstream fails, one payload at a time tells whether it works again. */
  const oneAtATime = (): boolean => endpoint.fails() && out.size > 0;
  const full = (): boolean => out.size >= MAX_OUT;

  return {
    get returned() {
      return returned.length;
    },
    canSend: () => out.size + returned.length < MAX_OUT && endpoint.pauseMs() === 0 && !oneAtATime(),
    sendQueue,
    sendReturned: () => {
      while (returned.length > 0 && endpoint.pauseMs() === 0 && !oneAtATime()) sendOneReturned();
      return returned.length > 0 ? endpoint.pauseMs() : 0;
    },
    keepNothing: () => {
      keeps = false;
    },
    sendAll: async () => {
      const inVain = (): boolean => signal.aborted || (endpoint.refuses() && endpoint.pauseMs() > 0);
      while (!inVain()) {
        while (returned.length > 0 && !full()) sendOneReturned();
        for (const queue of queues.all()) {
          while (!full() && sendQueue(queue)) {
            // as long as there is something
          }
        }
        if (out.size === 0) return;
        await Promise.race(out);
      }
      await Promise.all(out);
    },
    giveUp: () => {
      for (const { parcel } of returned.splice(0)) lose(parcel, 'shutdown');
      for (const queue of queues.all()) {
        for (let payload = queues.take(queue); payload !== undefined; payload = queues.take(queue)) {
          lose(payload, 'shutdown');
        }
      }
    },
  };
}
