import { jobTimer, runJob } from '../../../jobs/jobs.ts';
import { ownTurn } from '../../../jobs/own-turn.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { eventTexts, isAsciiBatch, ownEvents, type ParsedBatch, parseBatch } from './batch.ts';
import type { Endpoint } from './endpoint.ts';
import { type LanePhase, NO_PRESSURE, type PressureEvent, pressureAfter } from './lane-state.ts';
import type { EventMemory } from './memory.ts';
import { createOutbound } from './outbound.ts';
import { createQueues, isEmpty, type Queue } from './queues.ts';
import { lookUpFlags, type Stop, summarizing } from './summarizing.ts';
import type { Acceptance, DropReason, EventBatch, EventEnvironment, EventMetrics } from './types.ts';
import { createWaiters } from './waiters.ts';

/** One family of an environment's events on its way: what one kind of credential may send. */
export interface Lane {
  /**
   * Takes a batch, at once or when there is room. Rejects only on a mistake of the relay.
   * @throws {JsonBoundsError} at once, when the batch has too many values
   */
  accept(batch: EventBatch): Acceptance | Promise<Acceptance>;
  /** Sends what is queued from now on at least this often, in ms, and now. */
  hurry(ms: number): void;
  /** How long a client that was turned away should wait, in s. */
  retryAfterS(): number;
  /** Sends what is queued and ends; what is left when `ending` says so is counted as lost. Never rejects. */
  close(ending: AbortController): Promise<void>;
}

/** Dependencies of a lane. */
export interface LaneDeps {
  readonly capacity: number;
  readonly flushMs: number;
  /** Values that a batch above 64 KiB may have; absent: any number. */
  readonly maxBatchValues?: number;
  readonly endpoint: Endpoint;
  readonly environment: Pick<EventEnvironment, 'data'>;
  readonly memory: EventMemory;
  readonly metrics: EventMetrics;
  readonly logger: Logger;
  /** Ends what is on its way. */
  readonly signal: AbortSignal;
  /** How long an answer waits for room, in ms; for tests. */
  readonly waitMs?: number;
}

/** An answer waits for room no longer than this, in ms: SDKs give a post 5 to 10 s. */
const WAIT_MS = 3_000;
/** Request, response and what is around them while an answer waits, in bytes, roughly. */
const WAITING_BYTES = 4_096;
/** Of one of a batch's texts while it is summarised. */
const TEXT_BYTES = 32;
/** A batch may have this part of what the lane could ever have; the rest is for what is around it. */
const MOST_OF_SHARE = 0.9;
/** So many times its text an event that is summarised may take: it may become three events and a counter, of two bytes a character. */
const EVENT_FACTOR = 6;
/** No SDK is told to come back later than this, in s. */
const MAX_RETRY_AFTER_S = 60;

/** A batch without its body, which must not be kept. */
type Sender = Omit<EventBatch, 'body'>;

/**
 * Makes a lane (contract 5.3). Nothing that it takes is dropped while upstream takes events: when a queue is full it is sent, when too
 * much is on its way the answers wait, and when they have waited for too long it takes no more. It holds a timer only while it has
 * something. Its states are those of {@link LanePhase}.
 */
export function createLane(deps: LaneDeps): Lane {
  const { capacity, endpoint, metrics, logger, memory, waitMs = WAIT_MS, maxBatchValues: maxValues } = deps;
  const share = memory.queued.share();
  const waiting = memory.waiting.share();
  const queues = createQueues(capacity, share);
  const waiters = createWaiters();
  const hungry = { serve: () => goOn() };
  /** Batches that are being summarised. */
  const tasks = new Set<Promise<unknown>>();
  let { flushMs } = deps;
  let phase: LanePhase = 'open';
  let pressure = NO_PRESSURE;

  const note = (event: PressureEvent): void => {
    pressure = pressureAfter(pressure, event);
  };

  const outbound = createOutbound({
    ...{ endpoint, queues, metrics, signal: deps.signal },
    sent: () => {
      note({ kind: 'sent' });
      runJob('events-sent', goOn);
    },
  });
  const sendOne = (queue: Queue): boolean => outbound.canSend() && outbound.sendQueue(queue);
  const isReady = ({ verbatim }: Queue): boolean => verbatim.full || verbatim.count >= capacity;

  const sendIfReady = (queue: Queue): void => {
    if (isReady(queue)) sendOne(queue);
  };

  /** Sends what must not wait. */
  const sendReady = (): void => {
    const all = pressure.overdue || waiters.count > 0;
    let progress = true;
    while (progress && outbound.canSend()) {
      progress = false;
      for (const queue of queues.all()) {
        if ((all || isReady(queue)) && sendOne(queue)) progress = true;
      }
    }
    if (pressure.overdue && queues.all().every(isEmpty)) note({ kind: 'emptied' });
  };

  /** After something was sent or given back. */
  const goOn = (): void => {
    if (phase === 'closed') return;
    const pauseMs = outbound.sendReturned();
    if (pauseMs > 0) retrying.arm(pauseMs);
    waiters.serve();
    sendReady();
    if (waiters.count > 0) memory.wakeWhenFreed(hungry);
  };

  const flush = (): void => {
    queues.sweep();
    note({ kind: 'flush', queued: queues.size > 0 });
    goOn();
  };

  const holdsSomething = (): boolean => queues.size > 0 || outbound.returned > 0 || waiters.count > 0;
  const flushing = jobTimer('events-flush', flush, () =>
    phase !== 'closed' && holdsSomething() ? flushMs : undefined,
  );
  const retrying = jobTimer('events-flush', goOn);

  /** Waits for room. */
  const room = async (
    attempt: () => boolean,
    gone: (() => boolean) | undefined,
    alreadyTaken: boolean,
  ): Promise<boolean> => {
    // Upstream refuses or fails, and will for longer than anybody waits.
    if (phase === 'closed' || (!alreadyTaken && (pressure.stalled || endpoint.pauseMs() > waitMs))) return false;
    const there = waiters.wait(attempt, waitMs, gone);
    metrics.delayed();
    flushing.arm(flushMs);
    goOn();
    const succeeded = await there;
    if (!succeeded && gone?.() !== true) note({ kind: 'waited-in-vain' });
    return succeeded;
  };

  const busy = (): Acceptance => {
    metrics.turnedAway();
    if (!pressure.warned) {
      logger.warn('there is no room for more events: clients are answered 503', {
        capacity,
        bytes: share.used,
        limit: memory.limit,
      });
    }
    note({ kind: 'turned-away' });
    return 'busy';
  };

  /** Puts a batch into its queue; false when there is no room. */
  const place = (batch: Sender, parsed: ParsedBatch): boolean => {
    const queue = queues.for(batch);
    if (queue === undefined) return false;
    const { verbatim } = queue;
    const overflows = (): boolean => verbatim.count > 0 && verbatim.count + parsed.count > capacity;
    if (overflows() && (!sendOne(queue) || overflows())) return false;
    if (!verbatim.add(parsed.events, parsed, parsed.count, parsed.invalid === 0 ? batch.payloadId : undefined)) {
      return false;
    }
    sendIfReady(queue);
    flushing.arm(flushMs);
    return true;
  };

  const took = ({ count, invalid }: ParsedBatch): Acceptance => {
    metrics.received(count + invalid);
    drop(invalid, 'invalid');
    return 'taken';
  };

  const acceptVerbatim = (batch: Sender, parsed: ParsedBatch): Acceptance | Promise<Acceptance> => {
    if (waiters.count === 0 && place(batch, parsed)) return took(parsed);
    const length = parsed.end - parsed.start;
    if (length > share.most * MOST_OF_SHARE) return 'too_large';
    const bytes = WAITING_BYTES + length;
    if (!waiting.take(bytes)) return busy();
    const own = ownEvents(parsed);
    return room(() => place(batch, own), batch.gone, false)
      .then((there) => (there ? took(own) : busy()))
      .finally(() => waiting.give(bytes));
  };

  const summarize = async (batch: Sender, texts: readonly string[], unsound: number): Promise<Acceptance> => {
    const queue = (): Queue | undefined => {
      const found = phase === 'closed' ? undefined : queues.for(batch);
      if (found !== undefined) flushing.arm(flushMs);
      return found;
    };
    const work = summarizing({
      texts,
      schema: batch.metadata.schema,
      data: await lookUpFlags(deps.environment, waitMs, logger),
      maxChars: share.most / EVENT_FACTOR,
      queue,
      empty: sendOne,
      taken: sendIfReady,
      logger,
    });
    let stop: Stop = waiters.count > 0 ? 'full' : work.step();
    const attempt = (): boolean => {
      stop = work.step();
      return stop !== 'full';
    };
    while (stop !== 'done') {
      const { begun } = work;
      if (stop === 'time') {
        await ownTurn();
        stop = work.step();
      } else if (!(await room(attempt, batch.gone, begun))) {
        if (!begun) return busy();
        break;
      }
    }
    const { left, invalid, tooLarge } = work;
    if (tooLarge === texts.length && unsound === 0) return 'too_large';
    metrics.received(texts.length + unsound);
    drop(invalid + unsound, 'invalid');
    drop(tooLarge, 'too_large');
    drop(left, phase === 'closed' ? 'shutdown' : 'capacity');
    return 'taken';
  };

  const drop = (count: number, reason: DropReason): void => {
    if (count === 0) return;
    metrics.dropped(count, reason);
    logger.debug('events of a batch were left out', { count, reason });
  };

  const acceptUnsummarized = (batch: Sender, parsed: ParsedBatch): Acceptance | Promise<Acceptance> => {
    const length = parsed.end - parsed.start;
    const bytes = WAITING_BYTES + (isAsciiBatch(parsed) ? length : 2 * length) + TEXT_BYTES * parsed.count;
    if (bytes > waiting.most) return 'too_large';
    if (!waiting.take(bytes)) return busy();
    const task = summarize(batch, eventTexts(parsed), parsed.invalid).finally(() => {
      tasks.delete(task);
      waiting.give(bytes);
    });
    tasks.add(task);
    return task;
  };

  const accept: Lane['accept'] = ({ body, ...batch }) => {
    if (phase !== 'open') return 'busy';
    // To read it costs more memory than it has bytes: not where it cannot be kept anyway.
    if (body.length > share.most) return 'too_large';
    if (!share.fits(body.length) && !waiting.fits(WAITING_BYTES + body.length)) return busy();
    const parsed = parseBatch(body, { maxValues, spans: batch.unsummarized });
    if (parsed === undefined) {
      metrics.dropped(1, 'invalid');
      logger.debug('a posted batch of events is not a JSON array');
      return 'taken';
    }
    if (parsed.count === 0) return parsed.invalid === 0 ? 'taken' : took(parsed);
    return batch.unsummarized ? acceptUnsummarized(batch, parsed) : acceptVerbatim(batch, parsed);
  };

  return {
    accept,
    hurry: (ms) => {
      flushMs = Math.min(flushMs, ms);
      flushing.cancel();
      flushing.arm(0);
    },
    retryAfterS: () =>
      Math.min(MAX_RETRY_AFTER_S, Math.ceil(endpoint.pauseMs() / 1000) + 1 + Math.floor(Math.random() * 3)),
    close: async (ending) => {
      phase = 'closing';
      const over = new Promise<void>((resolve) =>
        ending.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      // What is being summarised is taken; who waits for room goes to another relay.
      await Promise.race([Promise.allSettled(tasks), over]);
      phase = 'closed';
      outbound.keepNothing();
      flushing.cancel();
      retrying.cancel();
      waiters.end();
      memory.forget(hungry);
      await outbound.sendAll();
      outbound.giveUp();
      queues.close();
    },
  };
}
