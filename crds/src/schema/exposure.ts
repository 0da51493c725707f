import * as z from 'zod';
import { atomicList, int32, stringMap, stringSet } from './kubernetes.ts';
import { withRules } from './rules.ts';

const port = int32(1, 65_535);

/** The Service that SDKs connect to. */
export const service = withRules(
  z.object({
    type: z
      .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
      .default('ClusterIP')
      .describe('Type of the Service. Default ClusterIP.'),
    port: port.default(8030).describe('Port that SDKs connect to, on the Service and in the pod. Default 8030.'),
    pathPrefix: z
      .string()
      .regex(/^(\/[\w.~-]+)+$/)
      .max(256)
      .describe(
        'What a proxy in front of the Service has before its paths, such as `/flags`, where browsers ask at another path than pods see: OFREP names its event streams below it. If unset, there is nothing.',
      )
      .optional(),
    nodePort: port
      .describe('Port on each node, with type NodePort or LoadBalancer. If unset, the cluster chooses one.')
      .optional(),
    annotations: stringMap(64, 4096)
      .describe('Annotations of the Service, such as those that set up a load balancer.')
      .optional(),
    loadBalancerClass: z
      .string()
      .min(1)
      .max(253)
      .describe(
        'Class of the load balancer, with type LoadBalancer. Kubernetes does not allow changing it while the Service exists.',
      )
      .optional(),
    loadBalancerSourceRanges: stringSet(z.string().min(1).max(64), 64)
      .describe(
        'Address ranges that the load balancer allows, such as `10.0.0.0/8`, with type LoadBalancer. If unset, all are allowed.',
      )
      .optional(),
    externalTrafficPolicy: z
      .enum(['Cluster', 'Local'])
      .describe(
        'With type NodePort or LoadBalancer: Local keeps the address of the client and sends connections only to nodes that run a pod; Cluster spreads them evenly. Defaults to Cluster.',
      )
      .optional(),
    ipFamilyPolicy: z
      .enum(['SingleStack', 'PreferDualStack', 'RequireDualStack'])
      .describe('Whether the Service has an IPv4 and an IPv6 address. If unset, the cluster decides.')
      .optional(),
    trafficDistribution: z
      .enum(['PreferSameZone', 'PreferClose'])
      .describe(
        'Send connections to a pod in the zone of the client while there is one. PreferClose is the older name of PreferSameZone; the Service is created with the older one, which Kubernetes supports since 1.31. If unset, pods are chosen evenly.',
      )
      .optional(),
  }),
  {
    cel: "!has(self.loadBalancerClass) && !has(self.loadBalancerSourceRanges) || has(self.type) && self.type == 'LoadBalancer'",
    message: "`loadBalancerClass` and `loadBalancerSourceRanges` may only be set when `type` is 'LoadBalancer'",
    reason: 'FieldValueForbidden',
    check: ({ type, loadBalancerClass, loadBalancerSourceRanges }) =>
      type === 'LoadBalancer' || (loadBalancerClass === undefined && loadBalancerSourceRanges === undefined),
  },
  {
    cel: "!has(self.nodePort) && !has(self.externalTrafficPolicy) || has(self.type) && self.type != 'ClusterIP'",
    message: "`nodePort` and `externalTrafficPolicy` may not be set when `type` is 'ClusterIP'",
    reason: 'FieldValueForbidden',
    check: ({ type, nodePort, externalTrafficPolicy }) =>
      type !== 'ClusterIP' || (nodePort === undefined && externalTrafficPolicy === undefined),
  },
).describe('Service that SDKs connect to; it has the name of the RelayProxy.');

const labelSelector = z.object({
  matchLabels: stringMap(32, 63).describe('Labels that must be present with these values.').optional(),
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
          .describe('Ranges inside `cidr` that are excluded.')
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
      .describe(
        'Create a NetworkPolicy that lets only `allowFrom` connect to the SDK port, and only `metricsFrom` to the operations port. Default false.',
      ),
    allowFrom: atomicList(peer, 16)
      .describe('Who may connect to the SDK port, as in a NetworkPolicy. If unset or empty, everyone may.')
      .optional(),
    metricsFrom: atomicList(peer, 16)
      .describe(
        "Who may connect to the operations port (`/metrics`, `/status/instance`), such as Prometheus, as in a NetworkPolicy. Defaults to `allowFrom`, and so to everyone if that is empty, too. The operator and the kubelet's probes always may.",
      )
      .optional(),
  })
  .describe('Who may connect to the pods.');
