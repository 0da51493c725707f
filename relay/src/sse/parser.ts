/** One server-sent event. `event` is `message` when the stream named none. */
export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** An event that is larger than the reader is ready to hold. */
export class EventTooLargeError extends Error {
  override readonly name = 'EventTooLargeError';
}

/** What a parser needs to know of its stream. */
export interface SseParserOptions {
  /** Characters that one event may have; more is an {@link EventTooLargeError}. */
  readonly maxEventLength: number;
  /** The server asked for this reconnection delay (`retry:`), in ms. */
  readonly onRetry?: (ms: number) => void;
}

/** Turns chunks of a stream into events. */
export interface SseParser {
  /** Events that this chunk completed. Throws {@link EventTooLargeError}. */
  push(chunk: Uint8Array): Generator<ServerSentEvent, void, undefined>;
}

/**
 * Parses server-sent events as the WHATWG standard says: lines end in LF, CR or CRLF (also split between chunks), a
 * leading BOM is skipped, comments and unknown fields are ignored, an event without data is not an event. An event
 * that the stream's end cuts off is never delivered.
 */
export function createSseParser(options: SseParserOptions): SseParser {
  const decoder = new TextDecoder();
  /** Pieces of a line whose end has not come; joined once, so that a line of many chunks costs linear time. */
  let pieces: string[] = [];
  let skipLineFeed = false;
  let event = '';
  let data: string[] = [];
  let length = 0;

  function grow(by: number): void {
    length += by;
    if (length > options.maxEventLength) {
      throw new EventTooLargeError(`an event is larger than ${options.maxEventLength} characters`);
    }
  }

  function field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) options.onRetry?.(Number(value));
  }

  function endLine(last: string): ServerSentEvent | undefined {
    const line = pieces.length === 0 ? last : pieces.join('') + last;
    pieces = [];
    if (line !== '') {
      field(line);
      // Only what is kept counts, so that a stream of comments is not mistaken for one endless event.
      if (line.startsWith(':')) length -= line.length;
      return undefined;
    }
    const complete = data.length > 0 ? { event: event || 'message', data: data.join('\n') } : undefined;
    event = '';
    data = [];
    length = 0;
    return complete;
  }

  return {
    *push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      let start = 0;
      if (skipLineFeed && text !== '') {
        if (text[0] === '\n') start = 1;
        skipLineFeed = false;
      }
      let lineFeed = -2;
      let carriageReturn = -2;
      while (start < text.length) {
        // Each position is searched again only when it was passed: one scan per chunk, not one per line.
        if (lineFeed !== -1 && lineFeed < start) lineFeed = text.indexOf('\n', start);
        if (carriageReturn !== -1 && carriageReturn < start) carriageReturn = text.indexOf('\r', start);
        const end = earlier(lineFeed, carriageReturn);
        if (end < 0) {
          grow(text.length - start);
          pieces.push(start === 0 ? text : text.slice(start));
          return;
        }
        grow(end - start);
        const line = text.slice(start, end);
        start = end + 1;
        if (end === carriageReturn) {
          if (start === text.length) skipLineFeed = true;
          else if (text[start] === '\n') start += 1;
        }
        const complete = endLine(line);
        if (complete) yield complete;
      }
    },
  };
}

function earlier(a: number, b: number): number {
  if (a < 0) return b;
  return b < 0 ? a : Math.min(a, b);
}
