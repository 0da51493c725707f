import type { ItemKind } from '../../data/data.ts';
import type { ItemCodec } from '../codec.ts';

/** Names of the keys of one environment (contract 6.1); other programs read and write them too. */
export interface RedisKeys {
  readonly prefix: string;
  /** The hash with the items of a kind. */
  hash(kind: ItemKind): string;
  /** Its presence says that the store has been filled. */
  readonly inited: string;
  /** All keys live in one slot of a Cluster: the prefix holds a hash tag such as `{ld}`. */
  readonly oneSlot: boolean;
}

/** The keys under a prefix, or under the dialect's own where it is absent or empty. */
export function redisKeys(given: string | undefined, codec: Pick<ItemCodec, 'defaultPrefix' | 'keys'>): RedisKeys {
  const prefix = given || codec.defaultPrefix;
  return {
    prefix,
    hash: (kind) => `${prefix}:${codec.keys[kind]}`,
    inited: `${prefix}:$inited`,
    oneSlot: hasHashTag(prefix),
  };
}

/** Redis hashes only what is between the first `{` and the next `}`, unless that is empty. */
function hasHashTag(prefix: string): boolean {
  const open = prefix.indexOf('{');
  return open >= 0 && prefix.indexOf('}', open) > open + 1;
}
