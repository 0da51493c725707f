import type { RelayProxy } from '@flagrelay/crds';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { currentConfigMap } from './config-version.ts';
import { relayDocument } from './document.ts';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { documentFile } from './paths.ts';

/** Text of the file that the relay reads. */
export function documentText(relayProxy: RelayProxy): string {
  return `${JSON.stringify(relayDocument(relayProxy), undefined, 2)}\n`;
}

/**
 * The ConfigMap with the configuration for the pods that the spec asks for now. Pods watch theirs: a change of what they can
 * apply is written to it and restarts none; any other change makes another ConfigMap, for new pods.
 */
export function buildConfigMap(relayProxy: RelayProxy, facts: Facts): Child<V1ConfigMap> {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(relayProxy, facts, currentConfigMap(relayProxy, facts)),
    data: { [documentFile]: documentText(relayProxy) },
  };
}
