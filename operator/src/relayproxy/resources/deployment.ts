import type { RelayProxy } from '@flagrelay/crds';
import type { V1Deployment, V1PodTemplateSpec, V1Toleration } from '@kubernetes/client-node';
import type { AsJson } from '../../runtime/objects.ts';
import { podSecurity, relayContainer } from './container.ts';
import { relayDocument, restartPart } from './document.ts';
import type { Facts } from './facts.ts';
import { hashOf } from './hash.ts';
import { type Child, childMetadata } from './metadata.ts';
import {
  podLabels,
  relayName,
  restartHashAnnotation,
  selectorLabels,
  serviceAccountName,
  templateHashAnnotation,
  upgradeAnnotation,
} from './names.ts';
import { affinityOf, topologySpread } from './scheduling.ts';
import { mountedVolumes } from './volumes.ts';

/** The relay pods. A rollout never has fewer ready pods than there should be. */
export function buildDeployment(relayProxy: RelayProxy, facts: Facts): Child<V1Deployment> {
  const { replicas } = facts;
  const template = podTemplate(relayProxy, facts);
  const annotations = {
    [templateHashAnnotation]: hashOf(template),
    ...(facts.upgradeMark !== undefined && { [upgradeAnnotation]: facts.upgradeMark }),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...childMetadata(relayProxy, facts, relayName(relayProxy)), annotations },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: selectorLabels(relayProxy) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      minReadySeconds: 5,
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 3,
      template,
    },
  };
}

function podTemplate(relayProxy: RelayProxy, facts: Facts): AsJson<V1PodTemplateSpec> {
  const { spec } = relayProxy;
  const template = spec.podTemplate;
  const volumes = mountedVolumes(relayProxy);
  const affinity = affinityOf(relayProxy);
  return {
    metadata: {
      labels: { ...template.labels, ...podLabels(relayProxy) },
      annotations: { ...scrapeAnnotations(relayProxy), ...template.annotations, ...restartAnnotation(relayProxy) },
    },
    spec: {
      serviceAccountName: serviceAccountName(relayProxy),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity(relayProxy),
      terminationGracePeriodSeconds: template.terminationGracePeriodSeconds,
      topologySpreadConstraints: topologySpread(relayProxy),
      ...(affinity && { affinity: affinity as AsJson<typeof affinity> }),
      ...(template.nodeSelector && { nodeSelector: { ...template.nodeSelector } }),
      ...(template.tolerations && { tolerations: template.tolerations as V1Toleration[] }),
      ...(template.priorityClassName && { priorityClassName: template.priorityClassName }),
      ...(template.runtimeClassName && { runtimeClassName: template.runtimeClassName }),
      ...(spec.imagePullSecrets && { imagePullSecrets: [...spec.imagePullSecrets] }),
      containers: [relayContainer(relayProxy, facts, volumes)],
      volumes: volumes.map(({ volume }) => volume),
    },
  };
}

/** By these Prometheus finds the pods where it looks for annotations. */
function scrapeAnnotations({ spec: { metrics } }: RelayProxy): Record<string, string> {
  if (!metrics.enabled) return {};
  const prefix = 'prometheus.io';
  return { [`${prefix}/scrape`]: 'true', [`${prefix}/port`]: String(metrics.port), [`${prefix}/path`]: '/metrics' };
}

/** Changes, and so replaces the pods, when a setting changes that a running relay cannot take up. */
function restartAnnotation(relayProxy: RelayProxy): Record<string, string> {
  return { [restartHashAnnotation]: hashOf(restartPart(relayDocument(relayProxy))) };
}
