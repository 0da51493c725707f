import type { RelayProxy } from '@flagrelay/crds';
import type { V1PodDisruptionBudget } from '@kubernetes/client-node';
import { planOf } from '../sizing/plan.ts';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName, selectorLabels } from './names.ts';

/**
 * The PodDisruptionBudget, or undefined when it is switched off or there are no pods to protect. By default one pod may
 * go at a time, which also lets a single pod go: a budget that never allows an eviction blocks node drains forever.
 * Pods that are not ready protect nobody, so they may always be evicted.
 */
export function buildPodDisruptionBudget(
  relayProxy: RelayProxy,
  facts: Facts,
): Child<V1PodDisruptionBudget> | undefined {
  const { disruptionBudget } = relayProxy.spec;
  if (!disruptionBudget.enabled || planOf(relayProxy).replicas === 0) return undefined;
  const { maxUnavailable = 1, minAvailable } = disruptionBudget;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy)),
    spec: {
      ...(minAvailable === undefined ? { maxUnavailable } : { minAvailable }),
      selector: { matchLabels: selectorLabels(relayProxy) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  };
}
