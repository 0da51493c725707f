/** Most streams of one credential, and from one address; 0 = no limit. */
export interface StreamBounds {
  readonly perCredential: number;
  readonly perAddress: number;
}

/** Most streams of credentials that are in every app and page. */
export interface PublicStreamBounds {
  /** Of one credential; 0 = no limit; `fair`: {@link FAIR_SHARE} times what is left free of `together`. */
  readonly perCredential: number | 'fair';
  readonly perAddress: number;
  /** Of all of them together; 0 = no limit. */
  readonly together: number;
}

/** One credential alone can have six sevenths, n that want all they can get have 6/(6n+1) each: somebody who comes later finds room. */
const FAIR_SHARE = 6;

/** Whose streams there are too many of. */
export type Crowd = 'credential' | 'address' | 'public';

/** Streams of one credential or address. */
interface Count {
  readonly name: string;
  streams: number;
}

/** The place of one open stream among those of its credential and address, and among all of public credentials. */
export interface Place {
  readonly together: Count | undefined;
  readonly credential: Count | undefined;
  readonly address: Count | undefined;
}

/** Counts streams by credential and by address. Some credentials are secrets of the operator; others are in every app and page. */
export class StreamLimits {
  readonly #secret: StreamBounds;
  readonly #public: PublicStreamBounds;
  readonly #together: Count = { name: 'public', streams: 0 };
  readonly #counts = new Map<string, Count>();

  constructor(secret: StreamBounds, publicBounds: PublicStreamBounds) {
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
    const { perAddress } = isPublic ? this.#public : this.#secret;
    const together = isPublic ? this.#public.together : 0;
    const perCredential = isPublic ? this.#perPublicCredential() : this.#secret.perCredential;
    if (perCredential === 0 && perAddress === 0 && together === 0) return undefined;
    const address = perAddress === 0 ? undefined : addressOf();
    const place = {
      together: together === 0 ? undefined : this.#together,
      credential: perCredential === 0 ? undefined : this.#count(`c${credential}`),
      address: address === undefined ? undefined : this.#count(`${isPublic ? 'p' : 's'}${address}`),
    };
    const crowd = isFull(place.credential, perCredential)
      ? 'credential'
      : isFull(place.address, perAddress)
        ? 'address'
        : isFull(place.together, together)
          ? 'public'
          : undefined;
    this.#add(place.credential, 1);
    this.#add(place.address, 1);
    this.#add(place.together, 1);
    if (crowd === undefined) return place;
    this.leave(place);
    return crowd;
  }

  /** A stream has closed. */
  leave({ credential, address, together }: Place): void {
    this.#add(together, -1);
    this.#add(credential, -1);
    this.#add(address, -1);
  }

  #perPublicCredential(): number {
    const { perCredential, together } = this.#public;
    if (perCredential !== 'fair') return perCredential;
    // At least one: who has none is let in as long as there is room for all together.
    return together === 0 ? 0 : Math.max(1, FAIR_SHARE * (together - this.#together.streams));
  }

  #count(name: string): Count {
    return this.#counts.get(name) ?? { name, streams: 0 };
  }

  #add(count: Count | undefined, by: 1 | -1): void {
    if (count === undefined) return;
    count.streams += by;
    if (count === this.#together) return;
    if (count.streams === 0) this.#counts.delete(count.name);
    else this.#counts.set(count.name, count);
  }
}

function isFull(count: Count | undefined, limit: number): boolean {
  return count !== undefined && count.streams >= limit;
}
