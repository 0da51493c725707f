/**
 * Bytes of one or more complete server-sent events (or comments), encoded once and shared by every connection that gets
 * them. `chunk` is the same text framed as one HTTP/1.1 chunk, so that a socket taken over from `node:http` needs no
 * work per connection; `bytes` is a view into it.
 */
export interface Frame {
  readonly chunk: Buffer;
  readonly bytes: Buffer;
  /** Sent twice in a row it says no more than once: `ping`. */
  readonly once: boolean;
}

const CRLF = '\r\n';

/** Frames text that already is in event-stream format. @param once see {@link Frame} */
export function frame(text: string, once = false): Frame {
  const length = Buffer.byteLength(text);
  const head = length.toString(16) + CRLF;
  const chunk = Buffer.from(`${head}${text}${CRLF}`);
  return { chunk, bytes: chunk.subarray(head.length, head.length + length), once };
}

/**
 * One event with one data line (contract 2.1). `data` must not hold a line break: JSON text never does.
 *
 * @param once see {@link Frame}
 * @throws {RangeError} for a line break in `name` or `data`, which would let data forge an event
 */
export function event(name: string, data: string, once = false): Frame {
  if (/[\r\n]/.test(name) || /[\r\n]/.test(data)) {
    throw new RangeError('a server-sent event with one data line cannot hold a line break');
  }
  return frame(`event: ${name}\ndata: ${data}\n\n`, once);
}

/** Several frames as one, so that a burst costs one write per connection. */
export function merge(frames: readonly Frame[]): Frame {
  const only = frames[0];
  if (only !== undefined && frames.length === 1) return only;
  const length = frames.reduce((sum, one) => sum + one.bytes.length, 0);
  const head = Buffer.from(length.toString(16) + CRLF);
  const chunk = Buffer.concat([head, ...frames.map((one) => one.bytes), Buffer.from(CRLF)]);
  return { chunk, bytes: chunk.subarray(head.length, head.length + length), once: false };
}

/** A lone comment line without the blank line after it (contract 2.1, row 14 of section 14). */
export const HEARTBEAT: Frame = frame(':\n');

/** End of a chunked body. */
export const LAST_CHUNK: Buffer = Buffer.from('0\r\n\r\n');
