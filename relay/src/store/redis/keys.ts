import type { ItemKind } from '../../data/data.ts';

/** The prefix of an environment without one (contract 6.1). */
export const DEFAULT_PREFIX = 'launchdarkly';

/** Names of the keys of one environment (contract 6.1); other programs read and write them too. */
export interface RedisKeys {
  readonly prefix: string;
  /** The hash with the items of a kind. */
  hash(kind: ItemKind): string;
  /** Its presence says that the store has been filled. */
  readonly inited: string;
  readonly bigSegmentsCursor: string;
  readonly bigSegmentsSynchronizedOn: string;
  readonly bigSegmentsLock: string;
  /** The set of segment references that include the context with this hash. */
  bigSegmentInclude(contextHash: string): string;
  bigSegmentExclude(contextHash: string): string;
  /** All keys live in one slot of a Cluster: the prefix holds a hash tag such as `{ld}`. */
  readonly oneSlot: boolean;
}

/** The keys under a prefix. */
export function redisKeys(prefix: string): RedisKeys {
  return {
    prefix,
    hash: (kind) => `${prefix}:${kind === 'flags' ? 'features' : 'segments'}`,
    inited: `${prefix}:$inited`,
    bigSegmentsCursor: `${prefix}:big_segments_cursor`,
    bigSegmentsSynchronizedOn: `${prefix}:big_segments_synchronized_on`,
    bigSegmentsLock: `${prefix}:big_segments_lock`,
    bigSegmentInclude: (hash) => `${prefix}:big_segment_include:${hash}`,
    bigSegmentExclude: (hash) => `${prefix}:big_segment_exclude:${hash}`,
    oneSlot: hasHashTag(prefix),
  };
}

/** Redis hashes only what is between the first `{` and the next `}`, unless that is empty. */
function hasHashTag(prefix: string): boolean {
  const open = prefix.indexOf('{');
  return open >= 0 && prefix.indexOf('}', open) > open + 1;
}
