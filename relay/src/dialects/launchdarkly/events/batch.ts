import { isAscii, isUtf8 } from 'node:buffer';
import { ownBytes } from '../../../memory/own-bytes.ts';
import { checkBatch, type Look } from './check-batch.ts';

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
  /** Where each good event begins in it, and where it ends; empty unless asked for. */
  readonly spans: readonly number[];
}

/**
 * Checks a body, and leaves out the events that upstream cannot read (`check-batch.ts`); undefined for anything that is not a JSON array.
 * @throws {JsonBoundsError} when it has more values than wanted
 */
export function parseBatch(body: Buffer, look: Look = {}): ParsedBatch | undefined {
  // What is no UTF-8 is passed on as the text that it reads as.
  const events = isUtf8(body) ? body : Buffer.from(body.toString());
  const check = checkBatch(events, look);
  if (check === undefined) return undefined;
  const { count, start, end, unsound, spans } = check;
  if (unsound.length === 0) return { count, invalid: 0, events, start, end, spans };
  const all = look.spans === true ? spans : checkBatch(events, { ...look, spans: true })!.spans;
  return { ...withoutEvents(events, all, unsound), count: count - unsound.length, invalid: unsound.length };
}

/** The events but some of them, numbered in order. */
function withoutEvents(
  events: Buffer,
  spans: readonly number[],
  left: readonly number[],
): Pick<ParsedBatch, 'events' | 'start' | 'end' | 'spans'> {
  const bad = new Set(left);
  const sound = Buffer.allocUnsafeSlow(events.length);
  const kept: number[] = [];
  let at = 0;
  for (let index = 0; index < spans.length / 2; index++) {
    if (bad.has(index)) continue;
    if (kept.length > 0) at += sound.write(',', at);
    const end = at + events.copy(sound, at, spans[2 * index], spans[2 * index + 1]);
    kept.push(at, end);
    at = end;
  }
  return { events: sound, start: 0, end: at, spans: kept };
}

/** The same batch without the body around it, and without whatever else the body's memory is a part of. */
export function ownEvents(batch: ParsedBatch): ParsedBatch {
  const { events, start, end } = batch;
  const own = ownBytes(events.subarray(start, end));
  return { ...batch, events: own, start: 0, end: own.length, spans: batch.spans.map((at) => at - start) };
}

/** The texts of the events of a batch whose spans are known: strings of their own. */
export function eventTexts(batch: Pick<ParsedBatch, 'events' | 'start' | 'end' | 'spans'>): string[] {
  const { events, spans } = batch;
  const encoding = isAsciiBatch(batch) ? 'latin1' : 'utf8';
  const texts: string[] = [];
  for (let index = 0; index < spans.length; index += 2) {
    texts.push(events.toString(encoding, spans[index], spans[index + 1]));
  }
  return texts;
}

/** Whether its texts take one byte a character. */
export function isAsciiBatch({ events, start, end }: Pick<ParsedBatch, 'events' | 'start' | 'end'>): boolean {
  return isAscii(events.subarray(start, end));
}
