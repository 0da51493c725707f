import { hash } from 'node:crypto';
import type { EnvironmentDefinition } from '../../../environment/definition.ts';

/** Which kind of credential a route asks for: a key is good on its own routes only (contract 1.2). */
export type CredentialKind = 'sdk' | 'mobile' | 'env';

/** SHA-256 of a credential together with its kind: what the relay compares and indexes, never the credential itself. */
export type CredentialDigest = string;

/**
 * Digests a credential as presented by a client. Looking up a digest leaks nothing about the keys through timing, since a
 * guess that shares a prefix with a key has an unrelated digest.
 */
export function digestOf(kind: CredentialKind, value: string): CredentialDigest {
  return hash('sha256', `${kind}:${value}`, 'base64');
}

/** A credential that a definition accepts. */
export interface AcceptedCredential {
  readonly kind: CredentialKind;
  readonly digest: CredentialDigest;
}

/** Everything that a definition accepts at `now` (ms since the epoch); keys whose grace is over are left out (contract 14, row 49). */
export function acceptedCredentials(definition: EnvironmentDefinition, now: number): AcceptedCredential[] {
  const accepted = new Map<CredentialDigest, AcceptedCredential>();
  const add = (kind: CredentialKind, value: string | undefined) => {
    if (value === undefined || value === '') return;
    const digest = digestOf(kind, value);
    accepted.set(digest, { kind, digest });
  };
  add('sdk', definition.sdkKey);
  for (const key of definition.acceptedSdkKeys) add('sdk', key);
  for (const key of currentExpiring(definition, now)) add('sdk', key.value);
  add('mobile', definition.mobileKey);
  add('env', definition.envId);
  return [...accepted.values()];
}

/** The keys in grace at `now`. */
export function currentExpiring(
  definition: EnvironmentDefinition,
  now: number,
): EnvironmentDefinition['expiringSdkKeys'] {
  return definition.expiringSdkKeys.filter((key) => key.expiresAt > now && key.value !== definition.sdkKey);
}
