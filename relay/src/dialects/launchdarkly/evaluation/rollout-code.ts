import { bucketOfDigest } from './bucket.ts';
import type { Run } from './run.ts';
import { bytesOfBlock, type HashPrefix, LONG_BYTES, sha1, sha1Block, sha1Long } from './sha1.ts';

/** A compiled rollout (contract 12.5). Outcomes are indexes into those of its flag. */
export interface RolloutCode {
  /** Slot of the attribute that is hashed. */
  readonly attribute: number;
  readonly kindSlot: number;
  /** Legacy users' `secondary` takes part; not in experiments. */
  readonly useSecondary: boolean;
  readonly prefix: HashPrefix;
  /** Never empty. The last one takes what lies above all. */
  readonly parts: readonly {
    /** Cumulative weight, a 32-bit float. */
    readonly upTo: number;
    readonly served: number;
    /** When the context lacks the kind. */
    readonly outside: number;
  }[];
}

/**
 * All rollouts of a data set, each in one piece: attribute, kind, whether `secondary` takes part, length of the prefix, number of
 * parts, prefix as a block for {@link sha1Block}, then for each part its cumulative weight (as a float), and two outcomes.
 */
export interface Rollouts {
  readonly code: Int32Array;
  /** The same memory. */
  readonly weights: Float32Array;
  /** Prefixes that are too long for a block: their length is the complement (`~`) of an index into this. */
  readonly longPrefixes: readonly HashPrefix[];
}

/** Where a rollout begins. */
export type PlacedRollout = number;

const BLOCK = 5;
const PARTS = BLOCK + 16;
const PART = 3;

/** Lays rollouts end to end. */
export class RolloutWriter {
  readonly #rollouts: { readonly rollout: RolloutCode; readonly base: number }[] = [];
  #length = 0;

  /** @param base index of the first outcome of the rollout's flag */
  add(rollout: RolloutCode, base: number): PlacedRollout {
    const start = this.#length;
    this.#rollouts.push({ rollout, base });
    this.#length += PARTS + PART * rollout.parts.length;
    return start;
  }

  finish(): Rollouts {
    const code = new Int32Array(this.#length);
    const weights = new Float32Array(code.buffer);
    const longPrefixes: HashPrefix[] = [];
    let at = 0;
    for (const { rollout, base } of this.#rollouts) {
      const { prefix, parts } = rollout;
      code[at] = rollout.attribute;
      code[at + 1] = rollout.kindSlot;
      code[at + 2] = rollout.useSecondary ? 1 : 0;
      code[at + 3] = prefix.block === undefined ? ~(longPrefixes.push(prefix) - 1) : prefix.bytes.length;
      code[at + 4] = parts.length;
      if (prefix.block !== undefined) code.set(prefix.block, at + BLOCK);
      at += PARTS;
      for (const { upTo, served, outside } of parts) {
        weights[at] = upTo;
        code[at + 1] = served + base;
        code[at + 2] = outside + base;
        at += PART;
      }
    }
    return { code, weights, longPrefixes };
  }
}

/** The bucket of the run's context; an attribute that cannot be hashed is bucket 0. */
function bucketAt({ code, longPrefixes }: Rollouts, start: number, secondary: string | undefined, run: Run): number {
  let bytes = run.bytes(code[start]!);
  if (bytes === undefined) return 0;
  const length = code[start + 3]!;
  if (secondary !== undefined && code[start + 2] === 1) {
    if (bytes.length + secondary.length > LONG_BYTES) {
      const prefix = length >= 0 ? bytesOfBlock(code, start + BLOCK, length) : longPrefixes[~length]!.bytes;
      sha1Long(prefix, bytes, run.suffix(secondary));
      return bucketOfDigest();
    }
    bytes = Buffer.concat([bytes, Buffer.from(`.${secondary}`)]);
  }
  if (length >= 0) sha1Block(code, start + BLOCK, length, bytes);
  else sha1(longPrefixes[~length]!, bytes);
  return bucketOfDigest();
}

/** Index of the outcome that the rollout at `start` picks. */
export function pickOfRollout(rollouts: Rollouts, start: number, run: Run): number {
  const { code, weights } = rollouts;
  const member = run.member(code[start + 1]!);
  const bucket = member === undefined ? 0 : bucketAt(rollouts, start, member.secondary, run);
  const last = start + PARTS + PART * (code[start + 4]! - 1);
  for (let at = start + PARTS; at <= last; at += PART) {
    if (bucket < weights[at]!) return code[member === undefined ? at + 2 : at + 1]!;
  }
  return code[last + 1]!;
}
