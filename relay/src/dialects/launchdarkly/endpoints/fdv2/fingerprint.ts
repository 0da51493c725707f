import { hash } from 'node:crypto';
import type { DataSet, Item } from '../../../../data/data.ts';

/**
 * What a data set is, as numbers that every relay computes alike: sums of the items' digests do not depend on the order
 * in which items came, and one changed item changes them by one subtraction and one addition.
 */
export interface Fingerprint {
  /** Sum over flags and segments, modulo 2^128. */
  readonly live: bigint;
  /** Sum over tombstones, modulo 2^128. */
  readonly tombstones: bigint;
  /** Sum of all versions: grows with each change. */
  readonly versions: bigint;
}

/** Separates the two parts of a state. */
const TOMBSTONES = '.';
const BITS = 128;
const MODULUS = 1n << BigInt(BITS);
const NOTHING: Fingerprint = { live: 0n, tombstones: 0n, versions: 0n };

const digests = new WeakMap<Item, bigint>();

/** Adds up a whole data set. */
export function fingerprintOf(data: DataSet): Fingerprint {
  const items = [...data.flags.values(), ...data.segments.values()];
  return changed(NOTHING, [], items);
}

/** The fingerprint after `before` was replaced by `after`. */
export function changed(fingerprint: Fingerprint, before: readonly Item[], after: readonly Item[]): Fingerprint {
  let { live, tombstones, versions } = fingerprint;
  const add = (item: Item, sign: bigint) => {
    if (item.deleted) tombstones += sign * digestOf(item);
    else live += sign * digestOf(item);
    versions += sign * BigInt(Math.trunc(item.version));
  };
  for (const item of before) add(item, -1n);
  for (const item of after) add(item, 1n);
  return { live: BigInt.asUintN(BITS, live), tombstones: BigInt.asUintN(BITS, tombstones), versions };
}

/**
 * The `state` of FDv2's selectors, by which an SDK names what it has: the same for relays with the same data, different
 * for any other data, and safe in a URL, since SDKs do not escape it. Tombstones have a part of their own (see `feed.ts`).
 */
export function stateOf({ live, tombstones }: Fingerprint): string {
  return tombstones === 0n ? text(live) : `${text(live)}${TOMBSTONES}${text(tombstones)}`;
}

/** True when two states stand for the same flags and segments, whatever was deleted before. */
export function sameLiveData(a: string, b: string): boolean {
  return a.split(TOMBSTONES, 1)[0] === b.split(TOMBSTONES, 1)[0];
}

/** The `version` of the payload: a safe integer that grows with each change. */
export function versionOf({ versions }: Fingerprint): number {
  if (versions < 1n) return 1;
  return Number(versions > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : versions);
}

/** Spares hashing an item that came again with the same content. */
export function carryDigest(from: Item, to: Item): void {
  const digest = digests.get(from);
  if (digest !== undefined) digests.set(to, digest);
}

function digestOf(item: Item): bigint {
  let digest = digests.get(item);
  if (digest === undefined) {
    // A tombstone's text depends on who made it; its version says everything.
    const content = item.deleted ? '' : item.json;
    const hex = hash('sha256', `${item.kind}\n${item.key}\n${item.version}\n${content}`);
    digest = BigInt(`0x${hex.slice(0, BITS / 4)}`) % MODULUS;
    digests.set(item, digest);
  }
  return digest;
}

function text(sum: bigint): string {
  return Buffer.from(sum.toString(16).padStart(BITS / 4, '0'), 'hex').toString('base64url');
}
