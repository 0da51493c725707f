import type { Share } from '../../../memory/shared-bytes.ts';
import { createPayloadQueue, type Payload, type PayloadQueue } from './payload-queue.ts';
import { SEEN_MS } from './seen-contexts.ts';
import { createSummarizer, type Summarizer } from './summarizer.ts';
import type { EventBatch } from './types.ts';

/** Different (schema, tags) of one family at a time: clients choose the tags. */
const MAX_QUEUES = 32;
/** Objects of a queue, in bytes, roughly; its tags apart. */
const QUEUE_BYTES = 2_048;
/** What SDKs that summarise send, and what the summariser makes. */
const CURRENT_SCHEMA = 4;

/** Events that leave with the same schema and tags. */
export interface Queue {
  readonly schema: number;
  readonly tags: string;
  readonly verbatim: PayloadQueue;
  /** Set where the events come from SDKs that do not summarise; it puts them into `verbatim`. */
  readonly summarizer: Summarizer | undefined;
  lastUse: number;
}

/** The queues of one family of an environment. */
export interface Queues {
  /**
   * The queue for a batch. Where there are too many, one that holds nothing goes. Undefined when there is none, or no memory for one
   * more.
   */
  for(batch: Pick<EventBatch, 'metadata' | 'unsummarized'>): Queue | undefined;
  /** All of them; the one that was sent last comes last. */
  all(): readonly Queue[];
  /** The next payload of a queue, undefined when it is empty. */
  take(queue: Queue): Payload | undefined;
  /** Lets go of those that hold nothing and remember nothing of use. */
  sweep(): void;
  /** Lets go of all that hold nothing. */
  close(): void;
  readonly size: number;
}

/** Makes queues of so many events each, whose memory is taken from `share`. */
export function createQueues(capacity: number, share: Share): Queues {
  const queues = new Map<string, Queue>();

  const drop = (id: string, queue: Queue): void => {
    queues.delete(id);
    queue.summarizer?.close();
    queue.verbatim.close();
    share.give(bytesOf(queue.tags));
  };

  /** Takes away the one that was not used for longest of those that hold nothing; false when there is none. */
  const dropIdle = (): boolean => {
    let idle: [string, Queue] | undefined;
    for (const entry of queues) {
      if (isEmpty(entry[1]) && (idle === undefined || entry[1].lastUse < idle[1].lastUse)) idle = entry;
    }
    if (idle === undefined) return false;
    drop(...idle);
    return true;
  };

  return {
    get size() {
      return queues.size;
    },
    for: ({ metadata: { schema, tags }, unsummarized }) => {
      const id = `${schema}${unsummarized ? 'u' : ' '}${tags}`;
      let queue = queues.get(id);
      if (queue === undefined) {
        if (queues.size >= MAX_QUEUES && !dropIdle()) return undefined;
        if (!share.take(bytesOf(tags))) return undefined;
        const verbatim = createPayloadQueue(share);
        queue = {
          schema: unsummarized ? CURRENT_SCHEMA : schema,
          tags,
          verbatim,
          summarizer: unsummarized ? createSummarizer(capacity, verbatim, share) : undefined,
          lastUse: 0,
        };
        queues.set(id, queue);
      }
      queue.lastUse = performance.now();
      return queue;
    },
    all: () => [...queues.values()],
    take: (queue) => {
      const payload = (queue.summarizer ?? queue.verbatim).take();
      if (payload === undefined) return undefined;
      for (const [id, one] of queues) {
        if (one !== queue) continue;
        // To the end, so that the others have their turn.
        queues.delete(id);
        queues.set(id, queue);
        break;
      }
      return payload;
    },
    sweep: () => {
      const now = performance.now();
      for (const [id, queue] of queues) {
        // A summarising queue remembers contexts.
        const idleMs = queue.summarizer === undefined ? 0 : SEEN_MS;
        if (isEmpty(queue) && now - queue.lastUse >= idleMs) drop(id, queue);
      }
    },
    close: () => {
      for (const [id, queue] of queues) if (isEmpty(queue)) drop(id, queue);
    },
  };
}

/** Nothing in it is to be sent. */
export function isEmpty({ verbatim, summarizer }: Queue): boolean {
  return summarizer === undefined ? verbatim.count === 0 : summarizer.empty;
}

function bytesOf(tags: string): number {
  return QUEUE_BYTES + 4 * tags.length;
}
