import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { compress } from '../../../encoding/shared-body.ts';
import { eventTexts } from './batch.ts';
import { checkBatch } from './check-batch.ts';
import type { Payload } from './payload-queue.ts';

/** A payload that is ready to be sent, as often as need be under one id. Its memory stays taken until it is released. */
export interface Parcel {
  readonly gzip: Buffer;
  /** Bytes before compression. */
  readonly length: number;
  readonly count: number;
  readonly payloadId: string;
  /** When it was made, ms of the monotonic clock: it is not tried forever. */
  readonly since: number;
  release(): void;
}

/** Compresses a payload; only that is kept then, and only that is taken from the share. */
export async function pack(payload: Payload): Promise<Parcel> {
  const { body, count, payloadId = randomUUID(), release } = payload;
  const length = body.length;
  // At its lowest level, which takes a third of the time of the usual one; events hardly grow by it.
  const gzip = await compress(body);
  release(gzip.buffer.byteLength);
  return { gzip, length, count, payloadId, since: performance.now(), release: () => release() };
}

/** The events of a parcel, as texts. */
export async function unpack({ gzip, length }: Parcel): Promise<string[]> {
  const body = await promisify(gunzip)(gzip, { maxOutputLength: length });
  const { spans } = checkBatch(body, { spans: true })!;
  return eventTexts({ events: body, start: 0, end: body.length, spans });
}

/** A parcel of some of the events of another one, in whose memory it lives. */
export async function partOf(whole: Parcel, texts: readonly string[], release: () => void): Promise<Parcel> {
  const body = Buffer.from(`[${texts.join(',')}]`);
  return {
    gzip: await compress(body),
    length: body.length,
    count: texts.length,
    payloadId: randomUUID(),
    since: whole.since,
    release,
  };
}
