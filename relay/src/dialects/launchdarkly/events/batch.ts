import { isUtf8 } from 'node:buffer';
import { forEachElement, skipSpace } from '../../../json/scan.ts';
import { ownBytes } from '../../../memory/own-bytes.ts';
import { checkBatch } from './check-batch.ts';

/** A body that was found to be a JSON array. */
export interface ParsedBatch {
  /** Of the events that are good. */
  readonly count: number;
  /** Events that were left out. */
  readonly invalid: number;
  /** The good events with commas between are in this from `start` to `end`: the body as it came, where none was left out. */
  readonly events: Buffer;
  readonly start: number;
  readonly end: number;
}

/**
 * Checks a body, and leaves out the events that upstream cannot read (`check-batch.ts`); undefined for anything that is not a JSON array.
 */
export function parseBatch(body: Buffer): ParsedBatch | undefined {
  // What is no UTF-8 is passed on as the text that it reads as.
  const events = isUtf8(body) ? body : Buffer.from(body.toString());
  const check = checkBatch(events);
  if (check === undefined) return undefined;
  const { count, start, end, unsound } = check;
  if (unsound.length === 0) return { count, invalid: 0, events, start, end };
  const bad = new Set(unsound);
  const sound = Buffer.from(
    elementTexts(events.toString())
      .filter((_, index) => !bad.has(index))
      .join(','),
  );
  return { count: count - bad.size, invalid: bad.size, events: sound, start: 0, end: sound.length };
}

/** The text of a batch's events with commas between. */
export function textOf({ events, start, end }: ParsedBatch): string {
  return events.toString('utf8', start, end);
}

/** The same batch without the body around it, and without whatever else the body's memory is a part of. */
export function ownEvents(batch: ParsedBatch): ParsedBatch {
  const { events, start, end } = batch;
  const own = ownBytes(events.subarray(start, end));
  return { ...batch, events: own, start: 0, end: own.length };
}

/** The texts of a JSON array's elements: parts of `text`, which they keep in memory. */
export function elementTexts(text: string): string[] {
  const texts: string[] = [];
  forEachElement(text, skipSpace(text, 0), (start, end) => texts.push(text.slice(start, end)));
  return texts;
}
