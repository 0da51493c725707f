/** Most streams of one credential, and from one address; 0 = no limit. */
export interface StreamBounds {
  readonly perCredential: number;
  readonly perAddress: number;
}

/** Whose streams there are too many of. */
export type Crowd = 'credential' | 'address';

/** Streams of one credential or address. */
interface Count {
  readonly name: string;
  streams: number;
}

/** The place of one open stream among those of its credential and address. */
export interface Place {
  readonly credential: Count | undefined;
  readonly address: Count | undefined;
}

/** Counts streams by credential and by address. Some credentials are secrets of the operator; others are in every app and page. */
export class StreamLimits {
  readonly #secret: StreamBounds;
  readonly #public: StreamBounds;
  readonly #counts = new Map<string, Count>();

  constructor(secret: StreamBounds, publicBounds: StreamBounds) {
    this.#secret = secret;
    this.#public = publicBounds;
  }

  /**
   * Counts a stream that opens, until its place is given to {@link leave}.
   * @param isPublic anybody may know the credential
   * @param credential its digest
   * @param addressOf asked only where it matters; undefined when the peer has gone already
   * @returns its place; undefined where nothing is limited; or what there are too many of
   */
  enter(isPublic: boolean, credential: string, addressOf: () => string | undefined): Place | Crowd | undefined {
    const { perCredential, perAddress } = isPublic ? this.#public : this.#secret;
    if (perCredential === 0 && perAddress === 0) return undefined;
    const address = perAddress === 0 ? undefined : addressOf();
    const place = {
      credential: perCredential === 0 ? undefined : this.#count(`c${credential}`),
      address: address === undefined ? undefined : this.#count(`${isPublic ? 'p' : 's'}${address}`),
    };
    const crowd = isFull(place.credential, perCredential)
      ? 'credential'
      : isFull(place.address, perAddress)
        ? 'address'
        : undefined;
    this.#add(place.credential, 1);
    this.#add(place.address, 1);
    if (crowd === undefined) return place;
    this.leave(place);
    return crowd;
  }

  /** A stream has closed. */
  leave({ credential, address }: Place): void {
    this.#add(credential, -1);
    this.#add(address, -1);
  }

  #count(name: string): Count {
    return this.#counts.get(name) ?? { name, streams: 0 };
  }

  #add(count: Count | undefined, by: 1 | -1): void {
    if (count === undefined) return;
    count.streams += by;
    if (count.streams === 0) this.#counts.delete(count.name);
    else this.#counts.set(count.name, count);
  }
}

function isFull(count: Count | undefined, limit: number): boolean {
  return count !== undefined && count.streams >= limit;
}
