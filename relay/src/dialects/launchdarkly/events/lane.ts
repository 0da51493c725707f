import type { DataSet } from '../../../data/data.ts';
import { jobTimer, runJob } from '../../../jobs/jobs.ts';
import { ownTurn } from '../../../jobs/own-turn.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { eventTexts, isAsciiBatch, ownEvents, type ParsedBatch, parseBatch } from './batch.ts';
import type { Endpoint } from './endpoint.ts';
import type { EventMemory } from './memory.ts';
import { type Parcel, pack } from './parcel.ts';
import { createQueues, isEmpty, type Queue } from './queues.ts';
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

/** What a lane needs. */
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

/** Payloads on their way; while there are so many, queues fill up. As many as the workers of an SDK's event processor. */
const MAX_OUT = 5;
/** An answer waits for room no longer than this, in ms: SDKs give a post 5 to 10 s. */
const WAIT_MS = 3_000;
/** Request, response and what is around them while an answer waits, in bytes, roughly. */
const WAITING_BYTES = 4_096;
/** Of one of a batch's texts while it is summarised. */
const TEXT_BYTES = 32;
/** Summarising gives others a turn after this time, in ms; the clock is looked at after so many characters, and so many events. */
const TURN_MS = 10;
const LOOK_CHARS = 32 * 1024;
const LOOK_EVENTS = 64;
/** A batch may have this part of what the lane could ever have; the rest is for what is around it. */
const MOST_OF_SHARE = 0.9;
/** So many times its text an event that is summarised may take: it may become three events and a counter, of two bytes a character. */
const EVENT_FACTOR = 6;
/** No SDK is told to come back later than this, in s. */
const MAX_RETRY_AFTER_S = 60;

/** A batch without its body, which must not be kept. */
type Sender = Omit<EventBatch, 'body'>;

interface Returned {
  readonly parcel: Parcel;
  readonly queue: Queue;
}

/** What stopped the summarising of a batch. */
type Stop = 'done' | 'full' | 'time';

/**
 * Makes a lane (contract 5.3). Nothing that it takes is dropped while upstream takes events: when a queue is full it is sent, when too
 * much is on its way the answers wait, and when they have waited for too long it takes no more. It holds a timer only while it has
 * something.
 */
export function createLane(deps: LaneDeps): Lane {
  const { capacity, endpoint, metrics, logger, memory, waitMs = WAIT_MS, maxBatchValues: maxValues } = deps;
  const share = memory.queued.share();
  const waiting = memory.waiting.share();
  const queues = createQueues(capacity, share);
  const waiters = createWaiters();
  const hungry = { serve: () => goOn() };
  /** What upstream did not take and is to be sent again. */
  const returned: Returned[] = [];
  const out = new Set<Promise<void>>();
  /** Batches that are being summarised. */
  const tasks = new Set<Promise<unknown>>();
  let { flushMs } = deps;
  /** Not everything could be sent at the last flush. */
  let overdue = false;
  let turningAway = false;
  /** Somebody has waited in vain, and nothing has arrived upstream since: to wait is of no use. */
  let stalled = false;
  /** Nothing new is taken. */
  let closing = false;
  /** Nothing is taken and nothing tried again. */
  let closed = false;

  const canSend = (): boolean =>
    out.size + returned.length < MAX_OUT && endpoint.pauseMs() === 0 && !(endpoint.fails() && out.size > 0);

  /** Sends the next payload of a queue; false when that is empty. The caller has asked whether it may be sent. */
  const sendQueue = (queue: Queue): boolean => {
    const payload = queues.take(queue);
    if (payload === undefined) return false;
    const { count } = payload;
    dispatch(queue, pack(payload), () => {
      metrics.dropped(count, 'failed');
      payload.release();
    });
    return true;
  };

  /** @param lost lets go of it after a mistake */
  const dispatch = (queue: Queue, packed: Promise<Parcel>, lost: () => void): void => {
    const sent = packed
      .then((parcel) => endpoint.send(parcel, queue.schema, queue.tags, deps.signal))
      .then(
        ({ again, serverTime }) => {
          if (serverTime !== undefined) queue.summarizer?.serverTime(serverTime);
          if (again !== undefined) comeBack({ parcel: again, queue });
        },
        (error: unknown) => {
          lost();
          runJob('events-sent', () => Promise.reject(error));
        },
      )
      .finally(() => {
        out.delete(sent);
        stalled = false;
        runJob('events-sent', goOn);
      });
    out.add(sent);
  };

  const comeBack = (one: Returned): void => {
    if (!closed) {
      returned.push(one);
      return;
    }
    metrics.dropped(one.parcel.count, 'failed');
    one.parcel.release();
  };

  const sendReturned = (): void => {
    while (returned.length > 0 && endpoint.pauseMs() === 0 && !(endpoint.fails() && out.size > 0)) {
      const { parcel, queue } = returned.shift()!;
      dispatch(queue, Promise.resolve(parcel), () => {
        metrics.dropped(parcel.count, 'failed');
        parcel.release();
      });
    }
    if (returned.length > 0 && endpoint.pauseMs() > 0) retrying.arm(endpoint.pauseMs());
  };

  const isReady = ({ verbatim }: Queue): boolean => verbatim.full || verbatim.count >= capacity;

  /** Sends what must not wait. */
  const sendReady = (): void => {
    const all = overdue || waiters.count > 0;
    let progress = true;
    while (progress && canSend()) {
      progress = false;
      for (const queue of queues.all()) {
        if ((all || isReady(queue)) && canSend() && sendQueue(queue)) progress = true;
      }
    }
    if (overdue && queues.all().every(isEmpty)) overdue = false;
  };

  /** After something was sent or given back. */
  const goOn = (): void => {
    if (closed) return;
    sendReturned();
    waiters.serve();
    sendReady();
    if (waiters.count > 0) memory.wakeWhenFreed(hungry);
  };

  const flush = (): void => {
    turningAway = false;
    stalled = false;
    queues.sweep();
    overdue = queues.size > 0;
    goOn();
  };

  const holdsSomething = (): boolean => queues.size > 0 || returned.length > 0 || waiters.count > 0;
  const flushing = jobTimer('events-flush', flush, () => (!closed && holdsSomething() ? flushMs : undefined));
  const retrying = jobTimer('events-flush', goOn);

  /** Waits for room. */
  const room = async (
    attempt: () => boolean,
    gone: (() => boolean) | undefined,
    alreadyTaken: boolean,
  ): Promise<boolean> => {
    // Upstream refuses or fails, and will for longer than anybody waits.
    if (closed || (!alreadyTaken && (stalled || endpoint.pauseMs() > waitMs))) return false;
    const there = waiters.wait(attempt, waitMs, gone);
    metrics.delayed();
    flushing.arm(flushMs);
    goOn();
    const succeeded = await there;
    if (!succeeded && gone?.() !== true) stalled = true;
    return succeeded;
  };

  const busy = (): Acceptance => {
    metrics.turnedAway();
    if (!turningAway) {
      turningAway = true;
      logger.warn('there is no room for more events: clients are answered 503', {
        capacity,
        bytes: share.used,
        limit: memory.limit,
      });
    }
    return 'busy';
  };

  /** Puts a batch into its queue; false when there is no room. */
  const place = (batch: Sender, parsed: ParsedBatch): boolean => {
    const queue = queues.for(batch);
    if (queue === undefined) return false;
    const { verbatim } = queue;
    if (verbatim.count > 0 && verbatim.count + parsed.count > capacity) {
      if (!canSend() || !sendQueue(queue)) return false;
      if (verbatim.count > 0 && verbatim.count + parsed.count > capacity) return false;
    }
    if (!verbatim.add(parsed.events, parsed, parsed.count, parsed.invalid === 0 ? batch.payloadId : undefined)) {
      return false;
    }
    if (isReady(queue) && canSend()) sendQueue(queue);
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

  /** The flags, if they can be had in time: without them the events still count. */
  const lookUp = async (): Promise<DataSet | undefined> => {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), waitMs);
    try {
      return await Promise.race([deps.environment.data(), late.promise]);
    } catch (error) {
      logger.error('the flags for a batch of events could not be read', { error: String(error) });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };

  const summarize = async (batch: Sender, texts: readonly string[], unsound: number): Promise<Acceptance> => {
    const data = await lookUp();
    let at = 0;
    let invalid = 0;
    let tooLarge = 0;
    const step = (): Stop => {
      const until = performance.now() + TURN_MS;
      const queue = closed ? undefined : queues.for(batch);
      if (queue?.summarizer === undefined) return 'full';
      flushing.arm(flushMs);
      let chars = 0;
      for (let count = 1; at < texts.length; at++, count++) {
        if ((count % LOOK_EVENTS === 0 || chars > LOOK_CHARS) && performance.now() > until) return 'time';
        chars += texts[at]!.length;
        if (texts[at]!.length > share.most / EVENT_FACTOR) {
          tooLarge += 1;
          continue;
        }
        const problem = addOne(queue.summarizer, texts[at]!, batch.metadata.schema, data);
        if (problem === 'invalid') invalid += 1;
        else if (problem === 'full') {
          if (!canSend() || !sendQueue(queue)) return 'full';
          at -= 1;
        }
      }
      if (isReady(queue) && canSend()) sendQueue(queue);
      return 'done';
    };
    let stop = waiters.count > 0 ? 'full' : step();
    const attempt = (): boolean => {
      stop = step();
      return stop !== 'full';
    };
    while (stop !== 'done') {
      const taken = at > invalid + tooLarge;
      if (stop === 'time') {
        await ownTurn();
        stop = step();
      } else if (!(await room(attempt, batch.gone, taken))) {
        if (!taken) return busy();
        break;
      }
    }
    const { length } = texts;
    if (tooLarge === length && unsound === 0) return 'too_large';
    metrics.received(length + unsound);
    drop(invalid + unsound, 'invalid');
    drop(tooLarge, 'too_large');
    drop(length - at, closed ? 'shutdown' : 'capacity');
    return 'taken';
  };

  const drop = (count: number, reason: DropReason): void => {
    if (count === 0) return;
    metrics.dropped(count, reason);
    logger.debug('events of a batch were left out', { count, reason });
  };

  /** One event that cannot be read, for whatever reason, does not take its neighbours with it. */
  const addOne = (
    summarizer: NonNullable<Queue['summarizer']>,
    text: string,
    schema: number,
    data: DataSet | undefined,
  ) => {
    try {
      return summarizer.add(text, schema, data, Date.now());
    } catch (error) {
      logger.debug('an event could not be summarised', { error: (error as Error).name });
      return 'invalid';
    }
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
    if (closing) return 'busy';
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

  /** Counts and lets go of what is still here. */
  const giveUp = (): void => {
    for (const { parcel } of returned.splice(0)) {
      metrics.dropped(parcel.count, 'shutdown');
      parcel.release();
    }
    for (const queue of queues.all()) {
      for (let payload = queues.take(queue); payload !== undefined; payload = queues.take(queue)) {
        metrics.dropped(payload.count, 'shutdown');
        payload.release();
      }
    }
  };

  /** Sends everything, whatever upstream did before; ends early when it refuses. */
  const sendAll = async (): Promise<void> => {
    const inVain = (): boolean => deps.signal.aborted || (endpoint.refuses() && endpoint.pauseMs() > 0);
    while (!inVain()) {
      const full = (): boolean => out.size >= MAX_OUT;
      while (returned.length > 0 && !full()) {
        const { parcel, queue } = returned.shift()!;
        dispatch(queue, Promise.resolve(parcel), () => parcel.release());
      }
      for (const queue of queues.all()) {
        while (!full() && sendQueue(queue)) {
          // as long as there is something
        }
      }
      if (out.size === 0) return;
      await Promise.race(out);
    }
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
      closing = true;
      const over = new Promise<void>((resolve) =>
        ending.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
      // What is being summarised is taken; who waits for room goes to another relay.
      await Promise.race([Promise.allSettled(tasks), over]);
      closed = true;
      flushing.cancel();
      retrying.cancel();
      waiters.end();
      memory.forget(hungry);
      await sendAll();
      await Promise.all(out);
      giveUp();
      queues.close();
    },
  };
}
