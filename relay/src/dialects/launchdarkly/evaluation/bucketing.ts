import { bucketOf, bucketOfDigest, bucketPrefix } from './bucket.ts';
import type { Run } from './run.ts';
import { LONG_BYTES, sha1Long } from './sha1.ts';
import type { Symbols } from './symbols.ts';

/** What {@link Bucketing} gives when the context lacks the kind. */
export const LACKS_KIND = -1;

/** The bucket of a run's context, 0 to 1, or {@link LACKS_KIND}. An attribute that cannot be hashed is bucket 0. */
export type Bucketing = (run: Run) => number;

/** What decides a bucket (contract 12.5). */
export interface BucketingInput {
  readonly seed: number | undefined;
  readonly key: string;
  readonly salt: string;
  /** `''` = the key. */
  readonly bucketBy: string;
  /** `''` = user. */
  readonly contextKind: string;
  /** Legacy users' `secondary` takes part; not in experiments. */
  readonly useSecondary: boolean;
}

function join(value: Uint8Array, secondary: string): Uint8Array {
  return Buffer.concat([value, Buffer.from(`.${secondary}`)]);
}

/** Compiles bucketing; undefined when `bucketBy` is a malformed reference. */
export function compileBucketing(input: BucketingInput, symbols: Symbols): Bucketing | undefined {
  const slot = symbols.attribute(input.bucketBy === '' ? 'key' : input.bucketBy, input.contextKind);
  if (slot === undefined) return undefined;
  const kindSlot = symbols.kind(input.contextKind);
  const prefix = bucketPrefix(input.seed, input.key, input.salt);
  const { useSecondary } = input;
  return (run) => {
    const member = run.member(kindSlot);
    if (member === undefined) return LACKS_KIND;
    const bytes = run.bytes(slot);
    if (bytes === undefined) return 0;
    const secondary = useSecondary ? member.secondary : undefined;
    if (secondary === undefined) return bucketOf(prefix, bytes);
    if (bytes.length + secondary.length <= LONG_BYTES) return bucketOf(prefix, join(bytes, secondary));
    sha1Long(prefix.bytes, bytes, run.suffix(secondary));
    return bucketOfDigest();
  };
}
