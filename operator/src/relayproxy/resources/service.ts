import type { RelayProxy } from '@flagrelay/crds';
import type { V1Service } from '@kubernetes/client-node';
import type { AsJson, KubernetesObject } from '../../runtime/objects.ts';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { identityOf, selectorLabels, serviceName } from './names.ts';
import { sdkPortName } from './ports.ts';

/** The Service that SDKs connect to; undefined in mode 'Daemon', in which none does. */
export function buildService(relayProxy: RelayProxy, facts: Facts): Child<V1Service> | undefined {
  const { mode, service, tls } = relayProxy.spec;
  if (mode === 'Daemon') return undefined;
  const { annotations, trafficDistribution, nodePort, loadBalancerSourceRanges: ranges } = service;
  const scheme = tls ? 'https' : 'http';
  const name = facts.servicePortName ?? scheme;
  const ports = [
    {
      name,
      port: service.port,
      targetPort: sdkPortName,
      protocol: 'TCP',
      ...(name !== scheme && { appProtocol: scheme }),
    },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(relayProxy, facts, serviceName(relayProxy), annotations),
    spec: {
      type: service.type,
      selector: selectorLabels(relayProxy),
      ports: ports.map((port) => ({ ...port, ...(nodePort && { nodePort }) })),
      // Each stream may go anywhere: all pods have the same data.
      sessionAffinity: 'None',
      ...(service.loadBalancerClass && { loadBalancerClass: service.loadBalancerClass }),
      ...(ranges && { loadBalancerSourceRanges: [...ranges] }),
      ...(service.externalTrafficPolicy && { externalTrafficPolicy: service.externalTrafficPolicy }),
      ...(service.ipFamilyPolicy && { ipFamilyPolicy: service.ipFamilyPolicy }),
      // PreferSameZone is the same by another name that older API servers refuse.
      ...(trafficDistribution && { trafficDistribution: 'PreferClose' }),
    },
  };
}

/** Name of the SDK port of the Service that is there; undefined where it is none that we give. */
export function portNameOf(live: KubernetesObject | undefined): string | undefined {
  const name = (live as AsJson<V1Service> | undefined)?.spec?.ports?.[0]?.name;
  return name === 'http' || name === 'https' ? name : undefined;
}

/** Address of the Service for SDKs in the same cluster; undefined where there is none. */
export function serviceUrl(relayProxy: RelayProxy): string | undefined {
  const { name, namespace } = identityOf(relayProxy);
  const { mode, service, tls } = relayProxy.spec;
  if (mode === 'Daemon') return undefined;
  return `${tls ? 'https' : 'http'}://${name}.${namespace}.svc:${service.port}`;
}
