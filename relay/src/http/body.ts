import type { IncomingMessage } from 'node:http';
import { jobAfter } from '../jobs/jobs.ts';
import type { FairBytes, FairRoom, Taker } from '../memory/fair-bytes.ts';
import { GrowingBuffer } from '../memory/growing-buffer.ts';

/** Why a request body could not be read. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly reason: 'too-large' | 'too-slow' | 'busy' | 'aborted';

  constructor(reason: BodyError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A body must be complete after this time, in ms: slow bodies must not hold memory forever. */
const BODY_TIMEOUT_MS = 60_000;
/** Who is slower than this while others want the memory makes room for them, in bytes a second, after the time below. */
const SLOW_BYTES_PER_SECOND = 32 * 1024;
/** Nobody is slow before this, in ms; and who sends nothing for this long is. */
const GRACE_MS = 2_000;
/** Who takes longer than this is, whatever was sent at first, in ms. */
const LONG_MS = 10_000;

/** Where the memory of bodies is taken from. */
export type BodyRoom = Pick<FairRoom, 'limit' | 'take' | 'give'>;

/** A body that was read. Its bytes count until it is released. */
export class HeldBody {
  readonly bytes: Buffer;
  readonly #held: GrowingBuffer;
  readonly #room: BodyRoom;
  #more = 0;

  constructor(held: GrowingBuffer, room: BodyRoom) {
    this.bytes = held.bytes();
    this.#held = held;
    this.#room = room;
  }

  /**
   * Counts more bytes, for what is made of the body, until it is released.
   * @throws {BodyError} when there is no room for them now, or could never be
   */
  reserve(bytes: number): void {
    // To come again would be in vain.
    if (this.#held.taken + this.#more + bytes > this.#room.limit) throw tooLarge(this.#room.limit);
    if (!this.#room.take(bytes)) throw noRoom();
    this.#more += bytes;
  }

  /** The bytes are not used any more. Idempotent. */
  release(): void {
    this.#held.release();
    this.#room.give(this.#more);
    this.#more = 0;
  }
}

/** A body on its way in. */
interface Incoming {
  readonly startedAt: number;
  /** When bytes came last. */
  lastAt: number;
  readonly held: GrowingBuffer;
  readonly room: FairRoom;
  makeRoom(): void;
}

/**
 * Reads request bodies, all of them together within one budget of memory that they share fairly. Who finds no room is refused, unless it
 * can be made by giving up on bodies that come slowly: somebody who sends many of them by the byte must not keep the others out.
 */
export class BodyReader {
  readonly budget: FairBytes;
  readonly #incoming = new Set<Incoming>();

  constructor(budget: FairBytes) {
    this.budget = budget;
  }

  /** The same budget for what is made of bodies that were read, and for texts that came otherwise: room is made for it. */
  roomOf(taker: Taker): BodyRoom {
    const room = this.budget.roomOf(taker);
    return {
      limit: room.limit,
      take: (bytes) => room.take(bytes) || (this.#makeRoom(undefined, bytes, room) && room.take(bytes)),
      give: (bytes) => room.give(bytes),
    };
  }

  /**
   * Reads a whole request body. The caller releases it.
   * @param limit bytes; more is refused
   * @param taker whose it is
   * @throws {BodyError} when it is larger, takes too long, finds no room, or the client goes away
   */
  read(request: IncomingMessage, limit: number, taker: Taker, timeoutMs: number = BODY_TIMEOUT_MS): Promise<HeldBody> {
    const room = this.budget.roomOf(taker);
    const held = new GrowingBuffer(limit, room);
    const declared = Number(request.headers['content-length'] ?? 0);
    // A request without a body has ended already, without an `end` event to wait for.
    if (request.readableEnded || (declared === 0 && request.headers['transfer-encoding'] === undefined)) {
      return Promise.resolve(new HeldBody(held, this.roomOf(taker)));
    }
    if (declared > limit) {
      request.resume();
      return Promise.reject(tooLarge(limit));
    }
    return new Promise((resolve, reject) => {
      const timer = jobAfter('body-timeout', timeoutMs, () =>
        fail(new BodyError('too-slow', `the request body was not complete after ${timeoutMs} ms`)),
      );
      const fail = (error: BodyError) => {
        stop();
        held.release();
        request.resume();
        reject(error);
      };
      const startedAt = performance.now();
      const incoming: Incoming = {
        startedAt,
        lastAt: startedAt,
        held,
        room,
        makeRoom: () => fail(new BodyError('too-slow', 'the request body came slowly while others needed the memory')),
      };
      const onData = (chunk: Buffer) => {
        incoming.lastAt = performance.now();
        if (held.length + chunk.length > limit) fail(tooLarge(limit));
        else if (!held.append(chunk) && !(this.#makeRoom(incoming, limit, room) && held.append(chunk))) fail(noRoom());
      };
      const onEnd = () => {
        stop();
        resolve(new HeldBody(held, this.roomOf(taker)));
      };
      const onClose = () => fail(new BodyError('aborted', 'the client went away before the request body was complete'));
      const stop = () => {
        clearTimeout(timer);
        this.#incoming.delete(incoming);
        request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      };
      this.#incoming.add(incoming);
      request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    });
  }

  /**
   * Gives up on bodies but one that come slowly, the oldest first, until there is room; false when there were none. Only those of
   * takers who have no less than who asks, and nobody with a public key takes from those with secret ones.
   */
  #makeRoom(but: Incoming | undefined, bytes: number, room: FairRoom): boolean {
    const now = performance.now();
    let made = false;
    for (const incoming of this.#incoming) {
      const ms = now - incoming.startedAt;
      // The oldest come first.
      if (ms < GRACE_MS) break;
      const isSlow =
        ms >= LONG_MS ||
        now - incoming.lastAt >= GRACE_MS ||
        incoming.held.length <= (SLOW_BYTES_PER_SECOND / 1000) * ms;
      const givesWay = incoming.room.used >= room.used && (incoming.room.isPublic || !room.isPublic);
      if (incoming === but || !isSlow || !givesWay) continue;
      incoming.makeRoom();
      made = true;
      if (room.fits(bytes)) break;
    }
    return made;
  }
}

/** The error of a body above the limit. */
export function tooLarge(limit: number): BodyError {
  return new BodyError('too-large', `the request body has more than ${limit} bytes`);
}

/** The error of a body that there is no memory for. */
export function noRoom(): BodyError {
  return new BodyError('busy', 'the request bodies that are being read take all the memory that there is for them');
}
