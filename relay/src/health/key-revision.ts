import { createHmac, hash } from 'node:crypto';

/** Characters of a revision: 16 bits tell pods apart that hold different keys, and say next to nothing of a key. */
const LENGTH = 4;

/** The keys of one environment, by its id. */
export interface EnvironmentKeys {
  readonly id: string;
  readonly keys: readonly string[];
}

/** Digest of the keys that come from files, for {@link keyRevision}; it stays in the pod. Undefined without any. */
export function credentialsDigest(environments: readonly EnvironmentKeys[]): string | undefined {
  const keys = environments.map((one) => [one.id, ...one.keys]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
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
