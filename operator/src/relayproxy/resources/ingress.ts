import type { RelayProxy } from '@flagrelay/crds';
import type { V1Ingress } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName, serviceName } from './names.ts';

/** What is published where no path is named. */
const everything = [{ path: '/', pathType: 'Prefix' }] as const;

/** The Ingress to the Service, or undefined without `ingress`. */
export function buildIngress(relayProxy: RelayProxy, facts: Facts): Child<V1Ingress> | undefined {
  const { ingress, service } = relayProxy.spec;
  if (ingress === undefined) return undefined;
  const { className, annotations, hosts, tls } = ingress;
  const backend = { service: { name: serviceName(relayProxy), port: { number: service.port } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy), annotations),
    spec: {
      ...(className && { ingressClassName: className }),
      ...(tls && { tls: tls.map(({ secretName, hosts }) => ({ secretName, hosts: [...hosts] })) }),
      rules: hosts.map(({ host, paths = everything }) => ({
        host,
        http: { paths: paths.map(({ path, pathType }) => ({ path, pathType, backend })) },
      })),
    },
  };
}
