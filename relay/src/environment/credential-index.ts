import type { CredentialDigest } from './definition.ts';

/** A credential that an owner claims and another one holds. */
export interface Taken<Owner> {
  readonly digest: CredentialDigest;
  readonly holder: Owner;
}

/** What one owner claims. */
interface Claims {
  readonly filter: string;
  /** Owners wait in the order in which they came. */
  readonly order: number;
  readonly digests: Set<CredentialDigest>;
}

/**
 * Which credential opens which owner. Under a payload filter ('' = none) one credential opens one owner: the first that claims it
 * holds it for as long as it claims it, and then the one that came first of those that claim it as well. A change of one owner
 * costs what that owner claims, however many others there are.
 */
export class CredentialIndex<Owner> {
  /** Credential → payload filter → who holds it. */
  readonly #holders = new Map<CredentialDigest, Map<string, Owner>>();
  /** Who claims a credential that another one holds; most have none. */
  readonly #waiting = new Map<CredentialDigest, Set<Owner>>();
  readonly #claims = new Map<Owner, Claims>();
  #arrivals = 0;

  /** Who holds a credential, by payload filter; undefined when nobody knows the credential. */
  holders(digest: CredentialDigest): ReadonlyMap<string, Owner> | undefined {
    return this.#holders.get(digest);
  }

  /** An owner claims something that another one holds. */
  waits(owner: Owner): boolean {
    if (this.#waiting.size === 0) return false;
    for (const digest of this.#claims.get(owner)?.digests ?? []) {
      if (this.#waiting.get(digest)?.has(owner) === true) return true;
    }
    return false;
  }

  /** Adds to what an owner claims, and returns what of it another one holds. The filter of an owner never changes. */
  claim(owner: Owner, filter: string, digests: Iterable<CredentialDigest>): Taken<Owner>[] {
    const claims = this.#claimsOf(owner, filter);
    const taken: Taken<Owner>[] = [];
    for (const digest of digests) {
      claims.digests.add(digest);
      const byFilter = getOrMake(this.#holders, digest, () => new Map<string, Owner>());
      const holder = byFilter.get(filter);
      if (holder === undefined) byFilter.set(filter, owner);
      if (holder === undefined || holder === owner) continue;
      getOrMake(this.#waiting, digest, () => new Set<Owner>()).add(owner);
      taken.push({ digest, holder });
    }
    return taken;
  }

  /**
   * Ends an owner's claims but those in `keep`; what it held goes to those who wait. Returns what it held.
   * @param keep absent: the owner is forgotten
   */
  release(owner: Owner, keep?: ReadonlySet<CredentialDigest>): CredentialDigest[] {
    const claims = this.#claims.get(owner);
    if (claims === undefined) return [];
    const held: CredentialDigest[] = [];
    for (const digest of claims.digests) {
      if (keep?.has(digest) === true) continue;
      claims.digests.delete(digest);
      if (this.#holders.get(digest)?.get(claims.filter) === owner) {
        held.push(digest);
        this.#passOn(digest, claims.filter);
      } else {
        this.#stopWaiting(digest, owner);
      }
    }
    if (keep === undefined) this.#claims.delete(owner);
    return held;
  }

  #claimsOf(owner: Owner, filter: string): Claims {
    return getOrMake(this.#claims, owner, () => {
      this.#arrivals += 1;
      return { filter, order: this.#arrivals, digests: new Set<CredentialDigest>() };
    });
  }

  /** Gives what its holder let go of to the first of those that wait for it under the same filter. */
  #passOn(digest: CredentialDigest, filter: string): void {
    const byFilter = this.#holders.get(digest);
    byFilter?.delete(filter);
    let next: { owner: Owner; order: number } | undefined;
    for (const owner of this.#waiting.get(digest) ?? []) {
      const claims = this.#claims.get(owner);
      if (claims === undefined || claims.filter !== filter) continue;
      if (next === undefined || claims.order < next.order) next = { owner, order: claims.order };
    }
    if (next !== undefined) {
      this.#stopWaiting(digest, next.owner);
      byFilter?.set(filter, next.owner);
    } else if (byFilter?.size === 0) {
      this.#holders.delete(digest);
    }
  }

  #stopWaiting(digest: CredentialDigest, owner: Owner): void {
    const waiting = this.#waiting.get(digest);
    waiting?.delete(owner);
    if (waiting?.size === 0) this.#waiting.delete(digest);
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
