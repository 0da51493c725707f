import type { DataSet } from '../model/data.ts';
import { type FlagFacts, flagFacts } from './flag-facts.ts';
import { type ContextKey, type ReceivedEvent, readEvent } from './received-event.ts';
import { createSummary } from './summary.ts';
import type { DropReason } from './types.ts';
import type { Payload } from './verbatim-queue.ts';

/** Contexts whose `index` event is remembered, and for how long (ms), so that it is sent once (contract 5.3). */
const MAX_SEEN_CONTEXTS = 1000;
const SEEN_CONTEXTS_MS = 300_000;

type Feature = Extract<ReceivedEvent, { kind: 'feature' }>;

/** Makes schema-4 events from those of SDKs that do not summarise. */
export interface Summarizer {
  /**
   * Takes one event; says why not when it is left out.
   * @param schema of the batch
   * @param data the flags, for what the event leaves out
   * @param now ms since the epoch
   */
  add(text: string, schema: number, data: DataSet | undefined, now: number): DropReason | undefined;
  /** Everything since the last call, or undefined. */
  take(): Payload | undefined;
  /** Upstream's clock, ms since the epoch: debugging ends by it when ours is late. */
  serverTime(ms: number): void;
}

/**
 * One processor of the summarising path (contract 5.3): full events where they are tracked, debug events, an `index` event
 * for each new context, and counters for everything.
 * @param capacity events between two flushes, counters apart
 * @param maxChars of JSON text between two flushes
 */
export function createSummarizer(capacity: number, maxChars: number): Summarizer {
  let events: string[] = [];
  let chars = 0;
  const summary = createSummary();
  let seen = new Set<string>();
  let seenSince = 0;
  let lastServerTime = 0;

  const push = (text: string): boolean => {
    if (events.length >= capacity || chars + text.length > maxChars) return false;
    events.push(text);
    chars += text.length;
    return true;
  };

  /** True the first time within five minutes, as long as memory serves. */
  const isNew = (keys: readonly ContextKey[], now: number): boolean => {
    if (now - seenSince >= SEEN_CONTEXTS_MS) {
      seen = new Set();
      seenSince = now;
    }
    const id = JSON.stringify(keys.map(({ kind, key }) => [kind, key]));
    const known = seen.delete(id);
    seen.add(id);
    if (seen.size > MAX_SEEN_CONTEXTS) seen.delete(seen.values().next().value ?? '');
    return !known;
  };

  const addFeature = (event: Feature, facts: FlagFacts | undefined, schema: number, now: number): boolean => {
    const guessed = schema <= 1 && event.variation === undefined ? facts?.variationOf(event.value) : undefined;
    const variation = event.version === undefined ? undefined : (event.variation ?? guessed);
    const told = event.trackEvents !== undefined || event.debugEventsUntilDate !== 0;
    const source = event.version === undefined ? undefined : told ? event : facts;
    const counts = { ...event, variation, contextKeys: event.context.keys };
    let fits = event.excludeFromSummaries || summary.add(counts);
    if (isNew(event.context.keys, now)) fits = push(indexEvent(event)) && fits;
    if (source?.trackEvents === true) fits = push(featureEvent('feature', event, variation)) && fits;
    const debugUntil = source?.debugEventsUntilDate ?? 0;
    if (debugUntil > now && debugUntil > lastServerTime) fits = push(featureEvent('debug', event, variation)) && fits;
    return fits;
  };

  const add: Summarizer['add'] = (text, schema, data, now) => {
    const event = readEvent(text);
    if (event === undefined) return 'invalid';
    let fits: boolean;
    switch (event.kind) {
      case 'raw':
        fits = push(event.text);
        break;
      case 'identify':
        fits = push(`${head('identify', event.creationDate)},"context":${event.context.text}}`);
        isNew(event.context.keys, now);
        break;
      case 'custom':
        fits = !isNew(event.context.keys, now) || push(indexEvent(event));
        fits = push(customEvent(event)) && fits;
        break;
      case 'feature':
        fits = addFeature(event, flagFacts(data, event.key), schema, now);
    }
    return fits ? undefined : 'capacity';
  };

  return {
    add,
    take: () => {
      const counters = summary.take();
      if (counters !== undefined) events.push(counters);
      if (events.length === 0) return undefined;
      const payload = { body: `[${events.join(',')}]`, count: events.length, payloadId: undefined };
      events = [];
      chars = 0;
      return payload;
    },
    serverTime: (ms) => {
      lastServerTime = ms;
    },
  };
}

function head(kind: string, creationDate: number): string {
  return `{"kind":"${kind}","creationDate":${creationDate}`;
}

function indexEvent(event: Exclude<ReceivedEvent, { kind: 'raw' }>): string {
  return `${head('index', event.creationDate)},"context":${event.context.text}}`;
}

function featureEvent(kind: 'feature' | 'debug', event: Feature, variation: number | undefined): string {
  return [
    `${head(kind, event.creationDate)},"key":${JSON.stringify(event.key)}`,
    event.version === undefined ? '' : `,"version":${event.version}`,
    `,"context":${event.context.text}`,
    variation === undefined ? '' : `,"variation":${variation}`,
    `,"value":${event.value},"default":${event.default}`,
    event.reason === undefined ? '' : `,"reason":${event.reason}`,
    event.samplingRatio === undefined || event.samplingRatio === 1 ? '' : `,"samplingRatio":${event.samplingRatio}`,
    '}',
  ].join('');
}

function customEvent(event: Extract<ReceivedEvent, { kind: 'custom' }>): string {
  const keys = event.context.keys.map(({ kind, key }) => `${JSON.stringify(kind)}:${JSON.stringify(key)}`).join(',');
  return [
    `${head('custom', event.creationDate)},"key":${JSON.stringify(event.key)}`,
    event.data === undefined ? '' : `,"data":${event.data}`,
    `,"contextKeys":{${keys}}`,
    event.metricValue === undefined ? '' : `,"metricValue":${event.metricValue}`,
    '}',
  ].join('');
}
