import { randomBytes } from 'node:crypto';
import { isNotFound } from '@flagrelay/kube/api-error';
import { type Clock, sleep, systemClock } from '@flagrelay/kube/clock';
import { correlatorLimits, createEventCorrelator, type EventWrite } from './event-correlator.ts';
import { type EventInput, events } from './event-types.ts';
import { type Logger, redactText } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { objectKey, parseKey } from './objects.ts';
import type { RestClient } from './rest-types.ts';

/** Options of an event recorder. */
export interface EventRecorderOptions {
  readonly client: Pick<RestClient, 'create' | 'patch'>;
  /** For example `flagrelay.dev/operator`. */
  readonly reportingController: string;
  /** The pod's name. */
  readonly reportingInstance: string;
  readonly clock?: Clock | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
}

/** Writes Events in the background: recording never waits and never throws. */
export interface EventRecorder {
  record(event: EventInput): void;
  /** Sends until the signal aborts, then what is still queued, for two seconds at most. Needs no `this`. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Events that wait to be sent; more are dropped and counted: they inform, and must not fill the memory. */
const CAPACITY = 1000;
const CALL_DEADLINE_MS = 5_000;
const FLUSH_MS = 2_000;
/** How often counts that were held back are looked for, in ms. */
const DUE_PERIOD_MS = 30_000;

/** A recorder of events.k8s.io/v1 Events with series, aggregation and a spam filter; see event-correlator.ts. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, reportingController, reportingInstance, logger, metrics, clock = systemClock } = options;
  const suffix = () => randomBytes(8).toString('hex');
  const correlator = createEventCorrelator({ reportingController, reportingInstance, suffix }, clock, correlatorLimits);
  const waiting: EventWrite[] = [];
  let wake: (() => void) | undefined;

  function enqueue(write: EventWrite): void {
    if (waiting.length >= CAPACITY) {
      metrics.events.sent.inc({ result: 'overflow' });
      correlator.forget(write.seriesKey);
      return;
    }
    waiting.push(write);
    wake?.();
  }

  /** Sends one; a failure is logged and counted, the event is given up. */
  async function send(write: EventWrite): Promise<void> {
    const { event } = write;
    const call = { deadlineMs: CALL_DEADLINE_MS };
    try {
      if (write.kind === 'create') await client.create(events, event, call);
      else
        await client.patch(events, parseKey(objectKey(event)), { type: 'merge', body: { series: event.series } }, call);
      metrics.events.sent.inc({ result: write.kind === 'create' ? 'created' : 'counted' });
    } catch (error) {
      correlator.forget(write.seriesKey);
      if (write.kind === 'patch' && isNotFound(error)) {
        const { series: _over, ...again } = event; // its event has expired on the server: tell it again
        enqueue({
          ...write,
          kind: 'create',
          event: { ...again, metadata: { ...again.metadata, name: renewed(again) } },
        });
        return;
      }
      metrics.events.sent.inc({ result: 'failed' });
      logger.warn('Event not written', { reason: event.reason, regarding: event.regarding?.name, error });
    }
  }

  function renewed(event: EventWrite['event']): string {
    return `${event.regarding?.name ?? 'unknown'}.${suffix()}`;
  }

  /** Waits until there is something to send, the next look at held-back counts, or the stop. */
  async function idle(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const end = () => woken.abort();
    wake = end;
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted || waiting.length > 0) end();
    await sleep(DUE_PERIOD_MS, woken.signal, clock);
    signal.removeEventListener('abort', end);
    wake = undefined;
  }

  async function drain(until: () => boolean): Promise<void> {
    for (let write = waiting.shift(); write; write = until() ? undefined : waiting.shift()) await send(write);
  }

  return {
    record(input) {
      const outcome = correlator.accept({ ...input, note: redactText(input.note) });
      if (outcome === 'merged' || outcome === 'dropped') metrics.events.sent.inc({ result: outcome });
      else enqueue(outcome);
    },
    async run(signal) {
      while (!signal.aborted) {
        for (const write of correlator.due()) enqueue(write);
        await drain(() => signal.aborted);
        await idle(signal);
      }
      const end = clock.now() + FLUSH_MS;
      await drain(() => clock.now() >= end);
    },
  };
}
