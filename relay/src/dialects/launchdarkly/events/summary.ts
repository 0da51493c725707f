import type { Share } from '../../../memory/shared-bytes.ts';
import { ownString, ownText } from './own-text.ts';
import type { ContextKey } from './received-event.ts';

/** Counters of evaluations between two flushes. */
export interface Summary {
  /** Counts one evaluation; false, and nothing is counted, when there is no room for one more flag, version and variation. */
  add(evaluation: Evaluation): boolean;
  /** Takes out flags as a `summary` event; undefined when nothing is counted (any more). */
  take(): SummaryEvent | undefined;
  /** Nothing is counted. */
  readonly empty: boolean;
}

/** A `summary` event. Its bytes are still taken from the share. */
export interface SummaryEvent {
  /** JSON text. */
  readonly text: string;
  /** Bytes that were taken for it: no less than it has in UTF-8. */
  readonly held: number;
}

/** One evaluation, with JSON texts as the SDK sent them. */
export interface Evaluation {
  readonly creationDate: number;
  readonly key: string;
  readonly version: number | undefined;
  readonly variation: number | undefined;
  readonly value: string;
  readonly default: string;
  readonly contextKeys: readonly ContextKey[];
}

interface Counter {
  readonly head: string;
  readonly held: number;
  count: number;
}

interface FlagCounters {
  /** JSON text. */
  readonly key: string;
  readonly default: string;
  readonly kinds: Set<string>;
  /** By `variation/version`. */
  readonly counters: Map<string, Counter>;
  /** For what is not in the counters. */
  held: number;
}

/** However small they are: a summary is made and read in one go. */
const MAX_COUNTERS = 10_000;
const MAX_KINDS = 100;
/** A summary event is of about so many bytes; a flag with more of them is reported in several events. */
const EVENT_BYTES = 512 * 1024;
/** Around texts, of a flag, of a counter and of a kind: objects, map entries, and what the event has of names and brackets. */
const FLAG_BYTES = 512;
const COUNTER_BYTES = 256;
const KIND_BYTES = 64;

/** Makes an empty summary, whose bytes are taken from `share`. */
export function createSummary(share: Share): Summary {
  const flags = new Map<string, FlagCounters>();
  let size = 0;
  let startDate = 0;
  let endDate = 0;

  /** A new counter, of a new flag perhaps; undefined when there is no room. Texts are copied: they are parts of bodies. */
  const addCounter = (evaluation: Evaluation, known: FlagCounters | undefined, id: string): Counter | undefined => {
    if (size >= MAX_COUNTERS) return undefined;
    const key = known?.key ?? JSON.stringify(evaluation.key);
    const head = counterHead(evaluation);
    const held = COUNTER_BYTES + memoryOf(head);
    const flagHeld = known === undefined ? FLAG_BYTES + 2 * memoryOf(key) + memoryOf(evaluation.default) : 0;
    if (!share.take(held + flagHeld)) return undefined;
    const counter = { head: ownText(head), held, count: 0 };
    if (known !== undefined) known.counters.set(id, counter);
    else {
      flags.set(ownString(evaluation.key), {
        key: ownText(key),
        default: ownText(evaluation.default),
        kinds: new Set(),
        counters: new Map([[id, counter]]),
        held: flagHeld,
      });
    }
    size += 1;
    return counter;
  };

  /** A kind that there is no room for is left out. */
  const addKinds = (flag: FlagCounters, keys: readonly ContextKey[]): void => {
    for (const { kind } of keys) {
      if (flag.kinds.has(kind) || flag.kinds.size >= MAX_KINDS) continue;
      const bytes = KIND_BYTES + memoryOf(JSON.stringify(kind));
      if (!share.take(bytes)) continue;
      flag.held += bytes;
      flag.kinds.add(ownString(kind));
    }
  };

  return {
    get empty() {
      return size === 0;
    },
    add: (evaluation) => {
      const { key, version, variation, creationDate } = evaluation;
      const id = `${variation}/${version}`;
      const known = flags.get(key);
      const counter = known?.counters.get(id) ?? addCounter(evaluation, known, id);
      if (counter === undefined) return false;
      counter.count += 1;
      addKinds(flags.get(key)!, evaluation.contextKeys);
      if (startDate === 0 || creationDate < startDate) startDate = creationDate;
      endDate = Math.max(endDate, creationDate);
      return true;
    },
    take: () => {
      if (size === 0) return undefined;
      const texts: string[] = [];
      let held = 0;
      for (const [key, flag] of flags) {
        const counters: string[] = [];
        for (const [id, counter] of flag.counters) {
          if (held > 0 && held + counter.held > EVENT_BYTES) break;
          held += counter.held;
          counters.push(`{${counter.head},"count":${counter.count}}`);
          flag.counters.delete(id);
          size -= 1;
        }
        if (counters.length > 0) texts.push(flagText(flag, counters.join(',')));
        if (flag.counters.size > 0) break;
        held += flag.held;
        flags.delete(key);
      }
      const text = `{"kind":"summary","startDate":${startDate},"endDate":${endDate},"features":{${texts.join(',')}}}`;
      if (size === 0) {
        startDate = 0;
        endDate = 0;
      }
      return { text, held };
    },
  };
}

/** Bytes in memory and in UTF-8 of a string, whichever are more: two bytes for each character where one of them needs them. */
function memoryOf(text: string): number {
  const bytes = Buffer.byteLength(text);
  return bytes === text.length ? bytes : Math.max(bytes, 2 * text.length);
}

function counterHead({ variation, version, value }: Evaluation): string {
  const variationText = variation === undefined ? '' : `"variation":${variation},`;
  const versionText = version === undefined ? '"unknown":true' : `"version":${version}`;
  return `${variationText}${versionText},"value":${value}`;
}

function flagText(flag: FlagCounters, counters: string): string {
  return `${flag.key}:{"default":${flag.default},"counters":[${counters}],"contextKinds":${JSON.stringify([...flag.kinds])}}`;
}
