import type { Share } from '../../../memory/shared-bytes.ts';

/** What leaves a queue in one request. Its bytes are still taken from the share; {@link Payload.release} gives them back. */
export interface Payload {
  /** A JSON array. */
  readonly body: Buffer;
  readonly count: number;
  /** The SDK's own id when this is exactly what the SDK sent, so that upstream recognises a repetition; else undefined. */
  readonly payloadId: string | undefined;
  /** Bytes that are taken for it now. */
  readonly held: number;
  /** Gives back what is taken above `bytes`, nothing if that is more. */
  release(bytes?: number): void;
}

/** Events of one (endpoint, schema, tags), waiting to be sent. They are copied into memory of the queue's own. */
export interface PayloadQueue {
  /**
   * Takes a whole batch, or nothing: false when there is no room.
   * @param text JSON values with commas between, from `start` to `end`; a string goes in as UTF-8
   */
  add(text: Buffer | string, range: TextRange, count: number, payloadId: string | undefined): boolean;
  /** Makes room, so that an `add` of up to so many bytes does not fail; false when there is none. */
  reserve(bytes: number): boolean;
  /** Takes the oldest payload out; undefined when there is none. */
  take(): Payload | undefined;
  /** Gives back the memory of an empty queue. */
  close(): void;
  readonly count: number;
  /** There is a payload that does not grow any more. */
  readonly full: boolean;
}

/** A part of a text: bytes of a buffer; of a string always the whole. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Payloads are about so large at most; a larger batch is a payload of its own. */
export const PAYLOAD_BYTES = 1024 * 1024;
/** What a queue begins with. */
const FIRST_BYTES = 2 * 1024;
/** An open bracket before, a comma or a closing bracket behind. */
const BRACKETS = 2;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

interface Block {
  buffer: Buffer;
  used: number;
  count: number;
  /** Of the only batch in it. */
  payloadId: string | undefined;
}

/** Makes an empty queue whose memory is taken from `share`. */
export function createPayloadQueue(share: Share): PayloadQueue {
  const sealed: Block[] = [];
  let open: Block | undefined;
  let count = 0;

  /** The open block with room for `bytes` more, whatever it costs in blocks. */
  const blockFor = (bytes: number): Block | undefined => {
    if (open !== undefined && open.count > 0 && open.used + bytes + 1 > PAYLOAD_BYTES) {
      sealed.push(open);
      open = undefined;
    }
    if (open === undefined) {
      const size = sizeFor(bytes + BRACKETS);
      const buffer = allocate(size) ?? (size > bytes + BRACKETS ? allocate(bytes + BRACKETS) : undefined);
      if (buffer === undefined) return undefined;
      buffer[0] = OPEN;
      open = { buffer, used: 1, count: 0, payloadId: undefined };
      return open;
    }
    const needed = open.used + bytes + 1;
    return needed <= open.buffer.length || grow(open, needed) ? open : undefined;
  };

  const allocate = (bytes: number): Buffer | undefined =>
    share.take(bytes) ? Buffer.allocUnsafeSlow(bytes) : undefined;

  const grow = (block: Block, needed: number): boolean => {
    const size = sizeFor(needed);
    const larger = allocate(size) ?? (size > needed ? allocate(needed) : undefined);
    if (larger === undefined) return false;
    block.buffer.copy(larger, 0, 0, block.used);
    const before = block.buffer.length;
    block.buffer = larger;
    share.give(before);
    return true;
  };

  return {
    get count() {
      return count;
    },
    get full() {
      return sealed.length > 0;
    },
    close: () => {
      if (open !== undefined) share.give(open.buffer.length);
      open = undefined;
    },
    reserve: (bytes) => blockFor(bytes) !== undefined,
    add: (text, { start, end }, events, payloadId) => {
      const bytes = typeof text === 'string' ? Buffer.byteLength(text) : end - start;
      const block = blockFor(bytes);
      if (block === undefined) return false;
      if (block.count > 0) block.buffer[block.used - 1] = COMMA;
      if (typeof text === 'string') block.buffer.write(text, block.used);
      else text.copy(block.buffer, block.used, start, end);
      block.used += bytes + 1;
      // The place of the next comma.
      block.buffer[block.used - 1] = CLOSE;
      block.payloadId = block.count === 0 ? payloadId : undefined;
      block.count += events;
      count += events;
      return true;
    },
    take: () => {
      let block = sealed.shift();
      if (block === undefined) {
        block = open;
        if (block === undefined || block.count === 0) return undefined;
        open = undefined;
      }
      count -= block.count;
      return payloadOf(block.buffer.subarray(0, block.used), block.count, block.payloadId, share, block.buffer.length);
    },
  };
}

/**
 * A payload whose memory was taken from a share already.
 * @param held bytes that were taken for it
 */
export function payloadOf(
  body: Buffer,
  count: number,
  payloadId: string | undefined,
  share: Share,
  held: number,
): Payload {
  let left = held;
  return {
    body,
    count,
    payloadId,
    get held() {
      return left;
    },
    release: (bytes = 0) => {
      if (bytes >= left) return;
      share.give(left - bytes);
      left = bytes;
    },
  };
}

/** The next power of two from {@link FIRST_BYTES} up to a payload; above that just what is needed. */
function sizeFor(needed: number): number {
  if (needed >= PAYLOAD_BYTES) return needed;
  let size = FIRST_BYTES;
  while (size < needed) size *= 2;
  return size;
}
