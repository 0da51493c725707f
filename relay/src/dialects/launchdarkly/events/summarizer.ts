import type { DataSet } from '../../../data/data.ts';
import type { Share } from '../../../memory/shared-bytes.ts';
import { type FlagFacts, flagFacts } from './flag-facts.ts';
import { type Payload, type PayloadQueue, payloadOf } from './payload-queue.ts';
import { type ReceivedEvent, readEvent } from './received-event.ts';
import { createSeenContexts } from './seen-contexts.ts';
import { createSummary } from './summary.ts';

type Feature = Extract<ReceivedEvent, { kind: 'feature' }>;

/** Why an event was not taken: it cannot be read, or there is no room for it now. */
export type SummarizerProblem = 'invalid' | 'full';

/** Makes schema-4 events from those of SDKs that do not summarise. */
export interface Summarizer {
  /**
   * Takes one event whole, or nothing of it and says why.
   * @param schema of the batch
   * @param data the flags, for what the event leaves out
   * @param now ms since the epoch
   */
  add(text: string, schema: number, data: DataSet | undefined, now: number): SummarizerProblem | undefined;
  /** The next payload of everything since the last call, or undefined: not all may fit into one. */
  take(): Payload | undefined;
  /** Upstream's clock, ms since the epoch: debugging ends by it when ours is late. */
  serverTime(ms: number): void;
  /** Gives back the memory of an empty summariser. */
  close(): void;
  /** Nothing waits to be taken. */
  readonly empty: boolean;
  /** There is a payload that does not grow any more. */
  readonly full: boolean;
}

/**
 * One processor of the summarising path (contract 5.3): full events where they are tracked, debug events, an `index` event
 * for each new context, and counters for everything.
 * @param capacity events between two calls of `take`, counters apart
 * @param queue where the events go
 * @param share where the memory of counters and contexts is taken from, as the queue's is
 */
export function createSummarizer(capacity: number, queue: PayloadQueue, share: Share): Summarizer {
  const summary = createSummary(share);
  const seen = createSeenContexts(share);
  let lastServerTime = 0;

  /** Takes everything that one event becomes, or nothing. */
  const takeAll = (texts: readonly string[], count: () => boolean): boolean => {
    if (texts.length === 0) return count();
    if (queue.count > 0 && queue.count + texts.length > capacity) return false;
    const joined = texts.join(',');
    if (!queue.reserve(Buffer.byteLength(joined)) || !count()) return false;
    return queue.add(joined, { start: 0, end: joined.length }, texts.length, undefined);
  };

  const featureTexts = (event: Feature, facts: FlagFacts | undefined, schema: number, now: number) => {
    const guessed = schema <= 1 && event.variation === undefined ? facts?.variationOf(event.value) : undefined;
    const variation = event.version === undefined ? undefined : (event.variation ?? guessed);
    const told = event.trackEvents !== undefined || event.debugEventsUntilDate !== 0;
    const source = event.version === undefined ? undefined : told ? event : facts;
    const texts: string[] = [];
    if (source?.trackEvents === true) texts.push(featureEvent('feature', event, variation));
    const debugUntil = source?.debugEventsUntilDate ?? 0;
    if (debugUntil > now && debugUntil > lastServerTime) texts.push(featureEvent('debug', event, variation));
    return { texts, variation };
  };

  /** Takes an event together with the `index` event of its context, if that is new. */
  const takeWithContext = (
    event: Exclude<ReceivedEvent, { kind: 'raw' }>,
    now: number,
    texts: readonly string[],
    count: () => boolean = () => true,
  ): boolean => {
    const id = seen.id(event.context.keys);
    const isNew = !seen.has(id, now) && event.kind !== 'identify';
    if (!takeAll(isNew ? [indexEvent(event), ...texts] : texts, count)) return false;
    seen.add(id);
    return true;
  };

  const add: Summarizer['add'] = (text, schema, data, now) => {
    const event = readEvent(text);
    if (event === undefined) return 'invalid';
    let taken: boolean;
    switch (event.kind) {
      case 'raw':
        taken = takeAll([event.text], () => true);
        break;
      case 'identify':
        taken = takeWithContext(event, now, [
          `${head('identify', event.creationDate)},"context":${event.context.text}}`,
        ]);
        break;
      case 'custom':
        taken = takeWithContext(event, now, [customEvent(event)]);
        break;
      case 'feature': {
        const { texts, variation } = featureTexts(event, flagFacts(data, event.key), schema, now);
        const counted = { ...event, variation, contextKeys: event.context.keys };
        taken = takeWithContext(event, now, texts, () => event.excludeFromSummaries || summary.add(counted));
      }
    }
    return taken ? undefined : 'full';
  };

  return {
    add,
    get empty() {
      return queue.count === 0 && summary.empty;
    },
    get full() {
      return queue.full;
    },
    take: () => {
      const events = queue.take();
      if (queue.count > 0 || summary.empty) return events;
      const { text, held } = summary.take()!;
      return events === undefined
        ? payloadOf(Buffer.from(`[${text}]`), 1, undefined, share, held)
        : withSummary(events, text, held, share);
    },
    serverTime: (ms) => {
      lastServerTime = ms;
    },
    close: () => {
      seen.clear();
      queue.close();
    },
  };
}

function withSummary({ body, count, held }: Payload, summary: string, summaryHeld: number, share: Share): Payload {
  const joined = Buffer.concat([body.subarray(0, -1), Buffer.from(`,${summary}]`)]);
  return payloadOf(joined, count + 1, undefined, share, held + summaryHeld);
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
