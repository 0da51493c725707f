import { createHmac, hash } from 'node:crypto';
import type { EnvironmentDefinition } from '../environment/definition.ts';

/** Characters of a revision: 16 bits tell pods apart that hold different keys, and say next to nothing of a key. */
const LENGTH = 4;

/**
 * Digest of the SDK keys and mobile keys that come from files, for {@link keyRevision}; it stays in the pod. Undefined without
 * any: what AutoConfig and archives hand out, upstream changes for one pod before the other.
 */
export function credentialsDigest(definitions: readonly EnvironmentDefinition[]): string | undefined {
  const keys = definitions
    .filter(({ envKey }) => envKey === undefined)
    .map(({ id, sdkKey = '', mobileKey = '' }) => [id, sdkKey, mobileKey])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return keys.length === 0 ? undefined : hash('sha256', JSON.stringify(keys), 'hex');
}

/**
 * What is reported of the keys: 16 bits of an HMAC over all of them, different for each RelayProxy. Pods with the same keys
 * report the same; a key cannot be computed from it, and nobody can tell by it which of many guesses is right.
 * @param relayProxy `namespace/name`
 */
export function keyRevision(relayProxy: string, digest: string): string {
  return createHmac('sha256', relayProxy).update(digest).digest('hex').slice(0, LENGTH);
}
