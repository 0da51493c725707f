import type { RelayProxy } from '@flagrelay/crds';
import type { V1Container, V1PodDNSConfig, V1PodTemplateSpec, V1Toleration } from '@kubernetes/client-node';
import type { AsJson } from '../../runtime/objects.ts';
import { currentConfigMap } from './config-version.ts';
import { podSecurity, relayContainer } from './container.ts';
import type { Facts } from './facts.ts';
import { podLabels, serviceAccountName } from './names.ts';
import { affinityOf, topologySpread } from './scheduling.ts';
import { mountedVolumes } from './volumes.ts';

/** The template of the pods: what the relay needs, and what the user adds to it. */
export function podTemplate(relayProxy: RelayProxy, facts: Facts): AsJson<V1PodTemplateSpec> {
  const { spec } = relayProxy;
  const template = spec.podTemplate;
  const volumes = mountedVolumes(relayProxy, currentConfigMap(relayProxy, facts));
  const affinity = affinityOf(relayProxy);
  return {
    metadata: {
      labels: { ...template.labels, ...podLabels(relayProxy) },
      annotations: { ...scrapeAnnotations(relayProxy), ...template.annotations },
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
      ...(template.dnsPolicy && { dnsPolicy: template.dnsPolicy }),
      ...(template.dnsConfig && { dnsConfig: structuredClone(template.dnsConfig) as V1PodDNSConfig }),
      ...(template.hostAliases && { hostAliases: structuredClone(template.hostAliases) }),
      ...(template.initContainers && { initContainers: asContainers(template.initContainers) }),
      containers: [relayContainer(relayProxy, facts, volumes)],
      volumes: [...volumes.map(({ volume }) => volume), ...structuredClone(template.volumes ?? [])],
    },
  };
}

/** Containers of the user, which the API server checks. */
function asContainers(given: readonly { readonly name: string }[]): AsJson<V1Container>[] {
  return structuredClone(given) as AsJson<V1Container>[];
}

/** By these Prometheus finds the pods where it looks for annotations. */
function scrapeAnnotations({ spec: { metrics } }: RelayProxy): Record<string, string> {
  if (!metrics.enabled) return {};
  const prefix = 'prometheus.io';
  return { [`${prefix}/scrape`]: 'true', [`${prefix}/port`]: String(metrics.port), [`${prefix}/path`]: '/metrics' };
}
