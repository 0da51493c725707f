import { redisKeys } from '../../../store/redis/keys.ts';
import { itemCodec } from '../model/codec.ts';

/** Names of the keys of one environment's big segments (contract 6.1). */
export interface BigSegmentKeys {
  readonly cursor: string;
  readonly synchronizedOn: string;
  readonly lock: string;
  /** The set of segment references that include the context with this hash. */
  include(contextHash: string): string;
  exclude(contextHash: string): string;
  /** All keys live in one slot of a Cluster. */
  readonly oneSlot: boolean;
}

/** The keys under an environment's prefix, or under the default one. */
export function bigSegmentKeys(given: string | undefined): BigSegmentKeys {
  const { prefix, oneSlot } = redisKeys(given, itemCodec);
  return {
    cursor: `${prefix}:big_segments_cursor`,
    synchronizedOn: `${prefix}:big_segments_synchronized_on`,
    lock: `${prefix}:big_segments_lock`,
    include: (hash) => `${prefix}:big_segment_include:${hash}`,
    exclude: (hash) => `${prefix}:big_segment_exclude:${hash}`,
    oneSlot,
  };
}
