import type { Platform } from './channel.ts';

/** Most streams of one credential, and from one address; 0 = no limit. */
export interface StreamBounds {
  readonly perCredential: number;
  readonly perAddress: number;
}

/** Whose streams there are too many of. */
export type Crowd = 'credential' | 'address';

/** What {@link StreamLimits.enter} says: a stream may open and is counted until `leave` is called, or may not. */
export type Entry = { readonly leave: (() => void) | undefined } | { readonly refused: Crowd };

const UNCOUNTED: Entry = { leave: undefined };

/** Counts streams by credential and by address. SDK keys are secrets of the operator; mobile keys and client-side IDs are public. */
export class StreamLimits {
  readonly #secret: StreamBounds;
  readonly #public: StreamBounds;
  readonly #counts = new Map<string, number>();

  constructor(secret: StreamBounds, publicBounds: StreamBounds) {
    this.#secret = secret;
    this.#public = publicBounds;
  }

  /** @param credential its digest @param address of the peer; undefined when it has gone already */
  enter(platform: Platform, credential: string, address: string | undefined): Entry {
    const isPublic = platform !== 'server';
    const { perCredential, perAddress } = isPublic ? this.#public : this.#secret;
    if (perCredential === 0 && perAddress === 0) return UNCOUNTED;
    const byCredential = perCredential === 0 ? undefined : `c${credential}`;
    const byAddress = perAddress === 0 || address === undefined ? undefined : `${isPublic ? 'p' : 's'}${address}`;
    if (byCredential !== undefined && this.#count(byCredential) >= perCredential) return { refused: 'credential' };
    if (byAddress !== undefined && this.#count(byAddress) >= perAddress) return { refused: 'address' };
    this.#add(byCredential, 1);
    this.#add(byAddress, 1);
    return {
      leave: () => {
        this.#add(byCredential, -1);
        this.#add(byAddress, -1);
      },
    };
  }

  #count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  #add(name: string | undefined, by: 1 | -1): void {
    if (name === undefined) return;
    const count = this.#count(name) + by;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
