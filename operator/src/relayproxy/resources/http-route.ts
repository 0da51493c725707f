import type { RelayProxy } from '@flagrelay/crds';
import type { Facts } from './facts.ts';
import type { HttpRoute } from './kubernetes-types.ts';
import { childMetadata } from './metadata.ts';
import { relayName, serviceName } from './names.ts';

/** What is published where no path is named. */
const everything = [{ path: '/', type: 'PathPrefix' }] as const;
/** No limit at all, in the Gateway API's words. */
const unlimited = { request: '0s', backendRequest: '0s' };

/** The HTTPRoute to the Service, or undefined without `httpRoute`. Its one rule has only paths of ours to the SDK port. */
export function buildHttpRoute(relayProxy: RelayProxy, facts: Facts): HttpRoute | undefined {
  const { httpRoute, service } = relayProxy.spec;
  if (httpRoute === undefined) return undefined;
  const { annotations, parentRefs, hostnames, paths = everything, timeouts } = httpRoute;
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: childMetadata(relayProxy, facts, relayName(relayProxy), annotations),
    spec: {
      parentRefs: structuredClone(parentRefs),
      ...(hostnames && { hostnames: [...hostnames] }),
      rules: [
        {
          matches: paths.map(({ path, type }) => ({ path: { type, value: path } })),
          backendRefs: [{ name: serviceName(relayProxy), port: service.port }],
          ...(timeouts === 'Disabled' && { timeouts: unlimited }),
        },
      ],
    },
  };
}
