import { hash } from 'node:crypto';
import type { Share } from '../../../memory/shared-bytes.ts';
import type { ContextKey } from './received-event.ts';

/** Contexts whose `index` event is remembered, and for how long (ms), so that it is sent once (contract 5.3). */
const MAX_SEEN = 1000;
/** How long contexts are remembered, in ms. */
export const SEEN_MS = 300_000;
/** A digest of 16 bytes, and its place in the set. */
const ENTRY_BYTES = 128;
const DIGEST_LENGTH = 16;

/** Remembers contexts for five minutes, by digest: their keys may be of any length. */
export interface SeenContexts {
  /** What stands for a context in the other calls. */
  id(keys: readonly ContextKey[]): string;
  /** @param now ms since the epoch */
  has(id: string, now: number): boolean;
  /** Remembers it, as long as there is room. */
  add(id: string): void;
  /** Forgets all. */
  clear(): void;
}

/** Makes an empty memory, whose bytes are taken from `share`. */
export function createSeenContexts(share: Share): SeenContexts {
  const seen = new Set<string>();
  let since = 0;

  const clear = (): void => {
    share.give(seen.size * ENTRY_BYTES);
    seen.clear();
  };

  return {
    id: (keys) => {
      const text = JSON.stringify(keys.map(({ kind, key }) => [kind, key]));
      return hash('sha256', text, 'binary').slice(0, DIGEST_LENGTH);
    },
    has: (id, now) => {
      if (now - since >= SEEN_MS) {
        clear();
        since = now;
      }
      return seen.has(id);
    },
    add: (id) => {
      if (seen.delete(id)) {
        // The youngest now.
        seen.add(id);
        return;
      }
      if (seen.size >= MAX_SEEN) seen.delete(seen.values().next().value!);
      else if (!share.take(ENTRY_BYTES)) return;
      seen.add(id);
    },
    clear,
  };
}
