import { isUtf8 } from 'node:buffer';
import { forEachElement, skipSpace } from '../model/scan.ts';
import { isSound } from './sound.ts';

/** A body that was found to be a JSON array. */
export interface ParsedBatch {
  /** Of the events that are good. */
  readonly count: number;
  /** Events that were left out. */
  readonly invalid: number;
  /** The good events with commas between: a part of the body as it came, or a text where some were left out. */
  readonly events: Buffer | string;
  readonly start: number;
  readonly end: number;
}

const OPEN = 0x5b;

/**
 * Checks a body, and leaves out the events whose numbers upstream cannot read (`sound.ts`); undefined for anything that is not a JSON
 * array.
 */
export function parseBatch(body: Buffer): ParsedBatch | undefined {
  const text = body.toString('utf8');
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(values)) return undefined;
  if (!values.every(isSound)) return onlySound(values, text);
  // What is no UTF-8 is passed on as the text that it was read as.
  if (text.length !== body.length && !isUtf8(body)) {
    const events = text.slice(text.indexOf('[') + 1, text.lastIndexOf(']'));
    return { count: values.length, invalid: 0, events, start: 0, end: events.length };
  }
  return {
    count: values.length,
    invalid: 0,
    events: body,
    start: body.indexOf(OPEN) + 1,
    end: body.lastIndexOf(']'),
  };
}

function onlySound(values: readonly unknown[], text: string): ParsedBatch {
  const texts = elementTexts(text).filter((_, index) => isSound(values[index]));
  const events = texts.join(',');
  return { count: texts.length, invalid: values.length - texts.length, events, start: 0, end: events.length };
}

/** The text of a batch's events with commas between. */
export function textOf({ events, start, end }: ParsedBatch): string {
  return typeof events === 'string' ? events : events.toString('utf8', start, end);
}

/** The same batch without the body around it, and without whatever else the body's memory is a part of. */
export function ownEvents(batch: ParsedBatch): ParsedBatch {
  const { events, start, end } = batch;
  if (typeof events === 'string') return batch;
  const own = Buffer.allocUnsafeSlow(end - start);
  events.copy(own, 0, start, end);
  return { ...batch, events: own, start: 0, end: own.length };
}

/** The texts of a JSON array's elements: parts of `text`, which they keep in memory. */
export function elementTexts(text: string): string[] {
  const texts: string[] = [];
  forEachElement(text, skipSpace(text, 0), (start, end) => texts.push(text.slice(start, end)));
  return texts;
}
