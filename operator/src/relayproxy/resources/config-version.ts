import type { RelayProxy } from '@flagrelay/crds';
import { imageOf } from './container.ts';
import { relayDocument, restartPart } from './document.ts';
import type { Facts } from './facts.ts';
import { hashOf } from './hash.ts';
import { configMapName } from './names.ts';
import { otherVolumes } from './volumes.ts';

/** Hexadecimal digits of a version: enough to tell the few that a RelayProxy has at a time apart. */
const DIGITS = 10;

/**
 * Which pods a configuration is for: a hash of all that a pod must be made for, which is the part of the document that a
 * running relay does not apply, the files that the document names, and the release that reads it. Pods of one version can
 * be handed any document of that version while they run; a document of another version is in a ConfigMap of its own, which
 * only pods that were made for it mount.
 */
export function configVersion(relayProxy: RelayProxy, facts: Pick<Facts, 'relayImage'>): string {
  const volumes = otherVolumes(relayProxy);
  return hashOf([restartPart(relayDocument(relayProxy)), volumes, imageOf(relayProxy, facts)]).slice(0, DIGITS);
}

/** Name of the ConfigMap with the configuration for the pods that the spec asks for now. */
export function currentConfigMap(relayProxy: RelayProxy, facts: Pick<Facts, 'relayImage'>): string {
  return configMapName(relayProxy, configVersion(relayProxy, facts));
}
