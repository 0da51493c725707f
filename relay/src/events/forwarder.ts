import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../config/document.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createDiagnosticsProxy, type DiagnosticPost } from './diagnostics.ts';
import { createEndpoint, type Endpoint } from './endpoint.ts';
import { createEventSender } from './sender.ts';
import { createSummarizer, type Summarizer } from './summarizer.ts';
import type { EventBatch, EventEnvironment, EventFamily, EventMetrics } from './types.ts';
import {
  createVerbatimQueue,
  eventTexts,
  type ParsedBatch,
  type Payload,
  parseBatch,
  type VerbatimQueue,
} from './verbatim-queue.ts';

/** Takes one environment's events and forwards them. */
export interface EventForwarder {
  /** Takes a batch that was already answered with 202. Never throws. */
  accept(batch: EventBatch): void;
  /** Passes one diagnostic event on at once. Never throws. */
  diagnostic(post: DiagnosticPost): void;
  /** Sends what is queued, for at most 3 s, and ends. */
  close(): Promise<void>;
}

/** What a forwarder needs. */
export interface EventForwarderDeps {
  readonly config: Pick<RelayConfig['events'], 'flushMs' | 'capacity'>;
  readonly eventsUri: string;
  readonly environment: EventEnvironment;
  readonly dispatcher: Dispatcher;
  readonly metrics: EventMetrics;
  readonly logger: Logger;
  /** Of the first pause after a refusal and between two tries, in ms; for tests. */
  readonly pauseMs?: number;
  readonly retryMs?: number;
}

/** Characters of JSON text in one queue of ordinary capacity: with the number of queues this bounds an environment's memory. */
const MAX_QUEUE_CHARS = 8 * 1024 * 1024;
/** Events of an SDK are about this long, in characters: who raises the capacity means them to fit. */
const EVENT_CHARS = 250;
/** Whatever the capacity. */
const MOST_CHARS = 256 * 1024 * 1024;
/** A queue with this much text is sent before its time: it would be full before the next flush. */
const EARLY_CHARS = MAX_QUEUE_CHARS / 8;
/** Characters of one payload. */
const MAX_PAYLOAD_CHARS = MAX_QUEUE_CHARS / 2;
/** Different (endpoint, schema, tags) between two flushes: clients choose the tags. */
const MAX_QUEUES = 32;
/** Payloads on their way; while there are so many, queues fill up. */
const MAX_IN_FLIGHT = 5;
/** A summarising queue remembers contexts; without events it goes after this time, in ms. */
const IDLE_QUEUE_MS = 3_600_000;
/** What SDKs that summarise send, and what the summariser makes. */
const CURRENT_SCHEMA = 4;
const CLOSE_MS = 3_000;

interface Queue {
  readonly family: EventFamily;
  readonly schema: number;
  readonly tags: string;
  /** One of the two, by the path that the events take. */
  readonly verbatim: VerbatimQueue | undefined;
  readonly summarizer: Summarizer | undefined;
  sending: boolean;
  lastUse: number;
}

/** Makes a forwarder (contract 5.3). It holds a timer only while something is queued. */
export function createEventForwarder(deps: EventForwarderDeps): EventForwarder {
  const { config, environment, metrics, logger } = deps;
  const sender = createEventSender(deps.dispatcher, logger, deps.retryMs);
  const diagnostics = createDiagnosticsProxy(deps.eventsUri, { sender, metrics, logger });
  const endpoints: Record<EventFamily, Endpoint> = {
    server: createEndpoint('server', { ...deps, sender }),
    mobile: createEndpoint('mobile', { ...deps, sender }),
    browser: createEndpoint('browser', { ...deps, sender }),
  };
  const queues = new Map<string, Queue>();
  const inFlight = new Set<Promise<void>>();
  /** Batches whose flags are being looked up. */
  let pendingLookups = 0;
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let overflowing = false;
  let closed = false;

  const lost = (count: number, reason: 'capacity' | 'queues'): void => {
    metrics.dropped(count, reason);
    if (!overflowing) {
      overflowing = true;
      logger.warn('the event queue is full; events are dropped', { capacity: config.capacity, reason });
    }
  };

  const queueFor = ({ metadata, unsummarized }: EventBatch): Queue | undefined => {
    const { family, schema, tags } = metadata;
    const id = JSON.stringify([family, schema, unsummarized, tags]);
    let queue = queues.get(id);
    if (queue === undefined) {
      if (queues.size >= MAX_QUEUES) return undefined;
      const summarizer = unsummarized ? createSummarizer(config.capacity, MAX_QUEUE_CHARS) : undefined;
      const verbatim = unsummarized ? undefined : createVerbatimQueue(config.capacity, maxChars(config.capacity));
      queue = {
        family,
        schema: unsummarized ? CURRENT_SCHEMA : schema,
        tags,
        verbatim,
        summarizer,
        sending: false,
        lastUse: 0,
      };
      queues.set(id, queue);
    }
    queue.lastUse = performance.now();
    return queue;
  };

  const summarize = async (summarizer: Summarizer, batch: ParsedBatch, schema: number): Promise<void> => {
    if (pendingLookups >= MAX_QUEUES) {
      lost(batch.count, 'queues');
      return;
    }
    pendingLookups += 1;
    try {
      const data = await environment.data();
      let invalid = 0;
      let full = 0;
      for (const text of eventTexts(batch)) {
        const problem = summarizer.add(text, schema, data, Date.now());
        if (problem === 'invalid') invalid += 1;
        else if (problem !== undefined) full += 1;
      }
      if (invalid > 0) metrics.dropped(invalid, 'invalid');
      if (full > 0) lost(full, 'capacity');
    } finally {
      pendingLookups -= 1;
      arm();
    }
  };

  const accept = (batch: EventBatch): void => {
    if (closed) return;
    const parsed = parseBatch(batch.body);
    if (parsed === undefined) {
      metrics.dropped(1, 'invalid');
      logger.debug('a posted batch of events is not a JSON array');
      return;
    }
    if (parsed.count === 0) return;
    metrics.received(parsed.count);
    const queue = queueFor(batch);
    if (queue === undefined) {
      lost(parsed.count, 'queues');
      return;
    }
    if (queue.summarizer !== undefined) {
      void summarize(queue.summarizer, parsed, batch.metadata.schema).catch((error: unknown) => {
        metrics.dropped(parsed.count, 'invalid');
        logger.error('a batch of events could not be summarised', { error: String(error) });
      });
      return;
    }
    const rest = queue.verbatim?.add(parsed, batch.payloadId) ?? 0;
    if (rest > 0) lost(rest, 'capacity');
    sendEarly(queue);
    arm();
  };

  const sendEarly = (queue: Queue): void => {
    if (closed || queue.sending || inFlight.size >= MAX_IN_FLIGHT || endpoints[queue.family].paused()) return;
    if (queue.verbatim !== undefined && queue.verbatim.chars >= EARLY_CHARS) send(queue);
  };

  const arm = (): void => {
    if (!closed) timer ??= setTimeout(flush, config.flushMs);
  };

  const flush = (): void => {
    timer = undefined;
    overflowing = false;
    const now = performance.now();
    let waiting = false;
    for (const [id, queue] of queues) {
      if (queue.sending || inFlight.size >= MAX_IN_FLIGHT || endpoints[queue.family].paused()) {
        waiting = true;
        continue;
      }
      if (send(queue)) continue;
      // An unused verbatim queue holds nothing; a summarising one remembers contexts.
      const idleMs = queue.summarizer === undefined ? 0 : IDLE_QUEUE_MS;
      if (now - queue.lastUse >= idleMs) queues.delete(id);
    }
    if (waiting || queues.size > 0) arm();
  };

  /** False when the queue was empty. */
  const send = (queue: Queue, limit = MAX_PAYLOAD_CHARS): boolean => {
    const payload = take(queue, limit);
    if (payload === undefined) return false;
    queue.sending = true;
    const sent = endpoints[queue.family]
      .send(payload, queue.schema, queue.tags, ending.signal)
      .then((serverTime) => {
        if (serverTime !== undefined) queue.summarizer?.serverTime(serverTime);
      })
      .finally(() => {
        queue.sending = false;
        inFlight.delete(sent);
        sendEarly(queue);
      });
    inFlight.add(sent);
    return true;
  };

  return {
    accept,
    diagnostic: (post) => {
      if (!closed) diagnostics.pass(post, ending.signal);
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      const deadline = setTimeout(() => ending.abort(), CLOSE_MS);
      for (const queue of queues.values()) {
        if (endpoints[queue.family].paused())
          metrics.dropped(take(queue, Number.POSITIVE_INFINITY)?.count ?? 0, 'shutdown');
        else send(queue, Number.POSITIVE_INFINITY);
      }
      queues.clear();
      await Promise.all(inFlight);
      clearTimeout(deadline);
      ending.abort();
    },
  };
}

function take({ verbatim, summarizer }: Queue, maxChars: number): Payload | undefined {
  return verbatim?.take(maxChars) ?? summarizer?.take();
}

function maxChars(capacity: number): number {
  return Math.min(MOST_CHARS, Math.max(MAX_QUEUE_CHARS, capacity * EVENT_CHARS));
}
