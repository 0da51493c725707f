import { z } from 'zod';
import { atomicList, int32, stringMap } from './kubernetes.ts';
import { withRules } from './rules.ts';

const port = int32(1, 65_535);

/** The Service that SDKs connect to. */
export const service = z
  .object({
    type: z
      .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
      .default('ClusterIP')
      .describe('Type of the Service. Default ClusterIP.'),
    port: port.default(8030).describe('Port that SDKs connect to, on the Service and in the pod. Default 8030.'),
    annotations: stringMap(64, 4096)
      .describe('Annotations of the Service, such as those that set up a load balancer.')
      .optional(),
    trafficDistribution: z
      .enum(['PreferSameZone', 'PreferClose'])
      .describe(
        'Send connections to a pod in the zone of the client while there is one. PreferSameZone needs Kubernetes 1.34; PreferClose is its older name. Absent: pods are chosen evenly.',
      )
      .optional(),
  })
  .describe('Service that SDKs connect to; it has the name of the RelayProxy.');

const labelSelector = z.object({
  matchLabels: stringMap(32, 63).describe('Labels that must be there, with these values.').optional(),
  matchExpressions: atomicList(
    z.object({
      key: z.string().min(1).max(316).describe('Key of the label.'),
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']).describe('How the label is compared with `values`.'),
      values: atomicList(z.string().max(63), 32)
        .describe('Values for In and NotIn; absent with Exists and DoesNotExist.')
        .optional(),
    }),
    16,
  )
    .describe('Conditions on labels; all must hold.')
    .optional(),
});

const peer = withRules(
  z.object({
    podSelector: labelSelector
      .meta({
        'x-kubernetes-map-type': 'atomic',
        description: 'Pods with these labels; in the namespace of the RelayProxy unless `namespaceSelector` is set.',
      })
      .optional(),
    namespaceSelector: labelSelector
      .meta({ 'x-kubernetes-map-type': 'atomic', description: 'Namespaces with these labels.' })
      .optional(),
    ipBlock: z
      .object({
        cidr: z.string().min(1).max(64).describe('Range of addresses, such as `10.0.0.0/8`.'),
        except: atomicList(z.string().min(1).max(64), 16)
          .describe('Ranges inside `cidr` that are left out.')
          .optional(),
      })
      .describe('Addresses. Excludes the selectors.')
      .optional(),
  }),
  {
    cel: 'has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))',
    message: 'either `ipBlock`, or one or both of `podSelector` and `namespaceSelector` must be set',
    check: ({ ipBlock, podSelector, namespaceSelector }) =>
      (ipBlock !== undefined) !== (podSelector !== undefined || namespaceSelector !== undefined),
  },
);

/** Who may connect to the pods. */
export const networkPolicy = z
  .object({
    enabled: z
      .boolean()
      .default(false)
      .describe('Create a NetworkPolicy that lets only `allowFrom` connect to the SDK port. Default false.'),
    allowFrom: atomicList(peer, 16)
      .describe('Who may connect to the SDK port, as in a NetworkPolicy. Empty or absent: everybody.')
      .optional(),
  })
  .describe('Who may connect to the pods.');
