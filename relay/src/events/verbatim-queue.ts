import { forEachElement, skipSpace } from '../model/scan.ts';

/** A batch on its way into the queue. */
interface Part {
  /** What was between the brackets. */
  readonly text: string;
  readonly count: number;
  readonly payloadId: string | undefined;
  readonly whole: boolean;
}

/** What leaves the queue in one request. */
export interface Payload {
  readonly body: string;
  readonly count: number;
  /** The SDK's own id when this is exactly what the SDK sent, so that upstream recognises a repetition; else undefined. */
  readonly payloadId: string | undefined;
}

/** Events of one (endpoint, schema, tags), waiting to be sent as they came. */
export interface VerbatimQueue {
  /** Takes as many events as fit; returns how many did not. */
  add(events: ParsedBatch, payloadId: string | undefined): number;
  /** Takes batches out, the oldest first, up to `maxChars` of text but at least one; undefined when there is none. */
  take(maxChars?: number): Payload | undefined;
  readonly count: number;
  /** Characters of JSON text in the queue. */
  readonly chars: number;
}

/** A body that was found to be a non-empty JSON array. */
export interface ParsedBatch {
  readonly body: string;
  readonly count: number;
}

/** Checks a body; 0 events for an empty array, undefined for anything that is not a JSON array. */
export function parseBatch(body: string): ParsedBatch | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  return Array.isArray(value) ? { body, count: value.length } : undefined;
}

/** The texts of a batch's events. */
export function eventTexts({ body }: ParsedBatch): string[] {
  const texts: string[] = [];
  forEachElement(body, skipSpace(body, 0), (start, end) => texts.push(body.slice(start, end)));
  return texts;
}

/**
 * @param capacity events
 * @param maxChars of JSON text: a few huge events must not fill the memory
 */
export function createVerbatimQueue(capacity: number, maxChars: number): VerbatimQueue {
  let parts: Part[] = [];
  let count = 0;
  let chars = 0;
  return {
    get count() {
      return count;
    },
    get chars() {
      return chars;
    },
    add: (batch, payloadId) => {
      const free = capacity - count;
      if (batch.count <= free && chars + batch.body.length <= maxChars) {
        const text = batch.body.trim().slice(1, -1);
        parts.push({ text, count: batch.count, payloadId, whole: true });
        count += batch.count;
        chars += text.length;
        return 0;
      }
      const taken: string[] = [];
      for (const text of eventTexts(batch)) {
        if (taken.length >= free || chars + text.length > maxChars) break;
        taken.push(text);
        chars += text.length;
      }
      if (taken.length > 0) {
        parts.push({ text: taken.join(','), count: taken.length, payloadId, whole: false });
      }
      count += taken.length;
      return batch.count - taken.length;
    },
    take: (maxChars = Number.POSITIVE_INFINITY) => {
      if (count === 0) return undefined;
      let size = 0;
      let end = 0;
      while (end < parts.length && (end === 0 || size + parts[end]!.text.length <= maxChars)) {
        size += parts[end++]!.text.length;
      }
      const taken = end === parts.length ? parts : parts.slice(0, end);
      parts = parts.slice(end);
      const taking = taken.reduce((sum, part) => sum + part.count, 0);
      const only = taken.length === 1 && taken[0]?.whole ? taken[0] : undefined;
      count -= taking;
      chars -= size;
      return {
        body: `[${taken.map((part) => part.text).join(',')}]`,
        count: taking,
        payloadId: only?.payloadId,
      };
    },
  };
}
