import { hash } from 'node:crypto';
import type { Credential, CredentialDigest, DefinitionRules, Succession } from '../../../environment/definition.ts';
import type { EnvironmentDefinition, ExpiringKey } from './definition.ts';

/** Which kind of credential a route asks for: a key is good on its own routes only (contract 1.2). */
export type CredentialKind = 'sdk' | 'mobile' | 'env';

const NAMES: Readonly<Record<string, string>> = { sdk: 'SDK key', mobile: 'mobile key', env: 'client-side ID' };

/** Client-side IDs are no secrets: those that are asked for again and again need no digest each time. */
const publicIds = new Map<string, CredentialDigest>();
/** Anybody may ask for any: when so many are remembered, all are forgotten. */
const MAX_PUBLIC_IDS = 4_096;
/** They have 24 characters; longer ones are guesses. */
const MAX_PUBLIC_ID_LENGTH = 64;

/** SHA-256 of a credential together with its kind. */
export function digestOf(kind: string, value: string): CredentialDigest {
  if (kind !== 'env') return hash('sha256', `${kind}:${value}`, 'base64');
  let digest = publicIds.get(value);
  if (digest === undefined) {
    digest = hash('sha256', `env:${value}`, 'base64');
    if (value.length > MAX_PUBLIC_ID_LENGTH) return digest;
    if (publicIds.size >= MAX_PUBLIC_IDS) publicIds.clear();
    publicIds.set(value, digest);
  }
  return digest;
}

/** The SDK keys in grace at `now` (ms since the epoch). */
export function currentExpiring(definition: EnvironmentDefinition, now: number): readonly ExpiringKey[] {
  return definition.expiringSdkKeys.filter((key) => key.expiresAt > now && key.value !== definition.sdkKey);
}

/** The SDK keys, mobile keys and client-side ID that open an environment; keys whose grace is over are left out (contract 14, row 49). */
function acceptedCredentials(definition: EnvironmentDefinition, now: number): Credential[] {
  const accepted = new Map<CredentialDigest, Credential>();
  const add = (scope: CredentialKind, value: string | undefined) => {
    if (value === undefined || value === '') return;
    const digest = digestOf(scope, value);
    accepted.set(digest, { scope, digest });
  };
  add('sdk', definition.sdkKey);
  for (const key of definition.acceptedSdkKeys) add('sdk', key);
  for (const key of currentExpiring(definition, now)) add('sdk', key.value);
  add('mobile', definition.mobileKey);
  for (const key of definition.acceptedMobileKeys ?? []) add('mobile', key);
  for (const key of definition.expiringMobileKeys ?? []) if (key.expiresAt > now) add('mobile', key.value);
  add('env', definition.envId);
  return [...accepted.values()];
}

/** Of which kind a credential is that opens the environment at `now` (ms since the epoch); undefined when it does not. */
export function scopeOf(
  definition: EnvironmentDefinition,
  credential: CredentialDigest,
  now: number,
): CredentialKind | undefined {
  const accepted = acceptedCredentials(definition, now).find(({ digest }) => digest === credential);
  return accepted?.scope as CredentialKind | undefined;
}

/** A new SDK key gets a link of its own; the old link delivers until the new one does, if the old key has grace, or is the same. */
function succession(old: EnvironmentDefinition, next: EnvironmentDefinition, now: number): Succession {
  if (old.sdkKey === next.sdkKey) return { grace: true, message: 'the data come from elsewhere now' };
  const isAccepted =
    old.sdkKey !== undefined &&
    (next.acceptedSdkKeys.includes(old.sdkKey) || currentExpiring(next, now).some((one) => one.value === old.sdkKey));
  return { grace: isAccepted, message: 'the SDK key changed, connecting with the new one' };
}

/** What the core has to know of a {@link EnvironmentDefinition}. */
export const definitionRules: DefinitionRules<EnvironmentDefinition> = {
  digest: digestOf,
  nameOf: (scope) => NAMES[scope] ?? scope,
  credentials: acceptedCredentials,
  keys: ({ sdkKey, mobileKey }) =>
    (
      [
        ['sdk', sdkKey],
        ['mobile', mobileKey],
      ] as const
    ).flatMap(([scope, value]) =>
      value === undefined || value === '' ? [] : [{ scope, digest: digestOf(scope, value) }],
    ),
  expiries: ({ expiringSdkKeys, expiringMobileKeys = [], sdkKey }) => [
    ...expiringSdkKeys.flatMap(({ value, expiresAt }) => (value === sdkKey ? [] : [expiresAt])),
    ...expiringMobileKeys.map(({ expiresAt }) => expiresAt),
  ],
  variant: ({ filterKey = '' }) => filterKey,
  source: ({ sdkKey, dataFile, filterKey }) =>
    sdkKey === undefined && dataFile === undefined
      ? undefined
      : JSON.stringify([sdkKey ?? null, dataFile ?? null, filterKey ?? null]),
  succession,
  // The client-side ID never changes; without one it is the SDK key, and a new key begins from scratch.
  identity: ({ envId, sdkKey, filterKey, dataFile }) =>
    dataFile === undefined
      ? `${envId === undefined ? `key ${sdkKey ?? ''}` : `id ${envId}`}\n${filterKey ?? ''}`
      : undefined,
  // What AutoConfig and archives hand out, upstream changes for one pod before the other.
  keysFromFiles: ({ envKey, sdkKey = '', mobileKey = '' }) => (envKey === undefined ? [sdkKey, mobileKey] : undefined),
};
