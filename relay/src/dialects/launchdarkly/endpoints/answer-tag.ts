import { randomBytes } from 'node:crypto';
import type { Audience, CompiledData } from '../evaluation/compiled.ts';

/** Tags of another process, or of one that restarted, never match. */
const PROCESS = randomBytes(6).toString('base64url');
const SEEDS = randomBytes(8);
const [SEED_A, SEED_B] = [SEEDS.readInt32LE(0), SEEDS.readInt32LE(4)];

const dataNumbers = new WeakMap<CompiledData, string>();
let lastNumber = 0;

/**
 * The `ETag` of an evaluation: the same context and the same data give the same answer, so that a 304 costs no evaluation. The context
 * is in it for clients that keep one tag for all; a cache has it in the address as well, so that 64 bits without cryptography will do.
 */
export function answerTag(data: CompiledData, audience: Audience, withReasons: boolean, contextText: string): string {
  return `W/"${PROCESS}.${dataNumber(data)}.${audience[0]}${withReasons ? 'r' : ''}.${fingerprint(contextText)}"`;
}

/** A short name of a data set, which no other has in this process. */
export function dataNumber(data: CompiledData): string {
  let number = dataNumbers.get(data);
  if (number === undefined) {
    number = (++lastNumber).toString(36);
    dataNumbers.set(data, number);
  }
  return number;
}

/** 64 bits of a text, by two multiplicative hashes with seeds that nobody knows. */
function fingerprint(text: string): string {
  let a = SEED_A;
  let b = SEED_B;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b + unit, 0x2c1b3c6d) ^ (b >>> 15);
  }
  return `${(a >>> 0).toString(36)}-${(b >>> 0).toString(36)}`;
}
