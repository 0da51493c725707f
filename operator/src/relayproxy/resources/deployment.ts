import type { RelayProxy } from '@flagrelay/crds';
import type { V1Deployment } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { hashOf } from './hash.ts';
import { type Child, childMetadata } from './metadata.ts';
import {
  configHistoryAnnotation,
  relayName,
  selectorLabels,
  templateHashAnnotation,
  upgradeAnnotation,
} from './names.ts';
import { podTemplate } from './pod-template.ts';

/** The relay pods. Unless the user wants it otherwise, a rollout never has fewer ready pods than there should be. */
export function buildDeployment(relayProxy: RelayProxy, facts: Facts): Child<V1Deployment> {
  const { replicas, configHistory = [] } = facts;
  const { rollout } = relayProxy.spec;
  const { maxSurge = 1, maxUnavailable = 0 } = rollout;
  const template = podTemplate(relayProxy, facts);
  const annotations = {
    [templateHashAnnotation]: hashOf(template),
    ...(configHistory.length > 0 && { [configHistoryAnnotation]: configHistory.join(',') }),
    ...(facts.upgradeMark !== undefined && { [upgradeAnnotation]: facts.upgradeMark }),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy), annotations),
    spec: {
      ...(replicas !== undefined && { replicas }),
      // Whoever pauses it takes the field from us, by which it is put back; `spec.paused` is the way to stop changes.
      paused: false,
      selector: { matchLabels: selectorLabels(relayProxy) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      minReadySeconds: rollout.minReadySeconds,
      progressDeadlineSeconds: rollout.progressDeadlineSeconds,
      revisionHistoryLimit: rollout.revisionHistoryLimit,
      template,
    },
  };
}
