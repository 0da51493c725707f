import type { RelayProxy } from '@flagrelay/crds';

/** Field manager of everything the operator applies. */
export const fieldManager = 'flagrelay-operator';

/** Holds `spec.replicas` between the operator, which gives it up, and the autoscaler, which takes it at its next change. */
export const handOverManager = `${fieldManager}-replicas`;

/** On a foreign object: `"true"` lets the operator take it over. */
export const adoptAnnotation = 'flagrelay.dev/adopt';
/** On a child: hash of what the operator applied last. */
export const appliedHashAnnotation = 'flagrelay.dev/applied-hash';
/** On a running pod: changed by the operator when a mounted file changed, so that kubelet refreshes it at once. */
export const configHashAnnotation = 'flagrelay.dev/config-hash';
/** On a running pod: an order to close some of its streams; the relay reads it from a file. */
export const shedAnnotation = 'flagrelay.dev/shed';

/** On the Deployment: hash of the pod template that was applied last; pods are replaced when it changes. */
export const templateHashAnnotation = 'flagrelay.dev/template-hash';
/** On the Deployment: names of earlier ConfigMaps with configurations, newest first, that a pod or a ReplicaSet may still mount. */
export const configHistoryAnnotation = 'flagrelay.dev/config-history';
/** On the Deployment: when its newest pod template was applied because the operator was upgraded; absent after an edit of the spec. */
export const upgradeAnnotation = 'flagrelay.dev/upgrade-started';

/** Label that names the RelayProxy of a child. */
export const instanceLabel = 'app.kubernetes.io/instance';
/** Label that tells children of one kind apart. */
export const componentLabel = 'app.kubernetes.io/component';
/** Label that says who made an object. */
export const managedByLabel = 'app.kubernetes.io/managed-by';

/** Selects the children of all RelayProxies, and their pods. */
export const managedSelector = `${managedByLabel}=${fieldManager}`;
/** Selects everything else. */
export const notManagedSelector = `${managedByLabel}!=${fieldManager}`;

/** Name and namespace of a RelayProxy that came from the API server. */
export function identityOf(relayProxy: RelayProxy): { readonly name: string; readonly namespace: string } {
  const { name = '', namespace = '' } = relayProxy.metadata;
  return { name, namespace };
}

/** Name of the Deployment and of most other children. */
export const relayName = (relayProxy: RelayProxy): string => `${identityOf(relayProxy).name}-relay`;
/** Name of the ConfigMap that holds one version of the relay's configuration, see `config-version.ts`. */
export const configMapName = (relayProxy: RelayProxy, version: string): string =>
  `${identityOf(relayProxy).name}-config-${version}`;
/** Name of the Service that SDKs use. */
export const serviceName = (relayProxy: RelayProxy): string => identityOf(relayProxy).name;

/** Name of the headless Service by which Prometheus finds the pods. */
export const metricsName = (relayProxy: RelayProxy): string => `${identityOf(relayProxy).name}-metrics`;

/** ServiceAccount of the pods: the one that the user names, or ours. */
export function serviceAccountName(relayProxy: RelayProxy): string {
  return relayProxy.spec.podTemplate.serviceAccountName ?? relayName(relayProxy);
}

/** Labels that select the pods of one RelayProxy; a Deployment's selector can never change, so neither can these. */
export function selectorLabels(relayProxy: RelayProxy): Record<string, string> {
  return { 'app.kubernetes.io/name': 'flagrelay-relay', [instanceLabel]: identityOf(relayProxy).name };
}

/** Labels of the pods. Without the version: an operator upgrade must not roll pods whose image is pinned. */
export function podLabels(relayProxy: RelayProxy): Record<string, string> {
  return {
    ...selectorLabels(relayProxy),
    [componentLabel]: 'relay',
    'app.kubernetes.io/part-of': 'flagrelay',
    [managedByLabel]: fieldManager,
  };
}

/** Labels of every child object. */
export function childLabels(relayProxy: RelayProxy, version: string): Record<string, string> {
  return { ...podLabels(relayProxy), 'app.kubernetes.io/version': version };
}
