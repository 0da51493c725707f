import type { RelayProxy } from '@flagrelay/crds';
import type { V1ConfigMap } from '@kubernetes/client-node';
import { relayDocument } from './document.ts';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { configMapName } from './names.ts';
import { documentFile } from './paths.ts';

/** Text of the file that the relay reads. */
export function documentText(relayProxy: RelayProxy): string {
  return `${JSON.stringify(relayDocument(relayProxy), undefined, 2)}\n`;
}

/** The ConfigMap with the relay's configuration. Pods watch it: a change of what they can take up restarts none. */
export function buildConfigMap(relayProxy: RelayProxy, facts: Facts): Child<V1ConfigMap> {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(relayProxy, facts, configMapName(relayProxy)),
    data: { [documentFile]: documentText(relayProxy) },
  };
}
