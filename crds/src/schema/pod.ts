import * as z from 'zod';
import { atomicList, int32, objectName, passedOn, quantity, stringMap } from './kubernetes.ts';
import {
  dnsConfig,
  environmentVariables,
  hostAliases,
  initContainers,
  probes,
  topologySpreadConstraints,
  volumeMounts,
  volumes,
} from './pod-parts.ts';
import { mountsApart, notReserved, reserved } from './reserved.ts';
import { withRules } from './rules.ts';

/** Quantities by the name of what they are of: `cpu`, `memory`. */
export const quantities = z
  .record(z.string(), quantity)
  .refine((map) => Object.keys(map).length <= 8, 'must have at most 8 items')
  .meta({ maxProperties: 8 });

/** Compute resources of the relay's container. */
export const resources = z
  .object({
    requests: quantities.describe('Resources that the scheduler reserves for the pod, such as `cpu: 100m`.').optional(),
    limits: quantities
      .describe(
        'Most that the pod may use. A CPU limit slows the relay down during load peaks; it is better left unset.',
      )
      .optional(),
  })
  .describe(
    'Compute resources of the container. If unset, they are chosen: from `capacity` where that is set, otherwise requests of 100m CPU and 128Mi memory and a limit of 512Mi memory. An empty map (`limits: {}`) sets none.',
  );

const toleration = z.object({
  key: z.string().max(316).describe('Key of the taint. If unset with Exists, every taint is tolerated.').optional(),
  operator: z.string().max(32).describe('Exists or Equal. Default Equal.').optional(),
  value: z.string().max(63).describe('Value of the taint, with Equal.').optional(),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .describe('Effect of the taint. If unset, every effect is tolerated.')
    .optional(),
  tolerationSeconds: z
    .int()
    .meta({
      format: 'int64',
      description: 'How long, in seconds, a NoExecute taint is tolerated. If unset, it is tolerated indefinitely.',
    })
    .optional(),
});

/** What else pods of the relay get. */
export const podTemplate = withRules(
  z.object({
    labels: stringMap(32, 63)
      .describe('Labels of the pods. Those that the operator sets itself cannot be changed.')
      .optional(),
    annotations: stringMap(64, 4096).describe('Annotations of the pods.').optional(),
    nodeSelector: stringMap(16, 63).describe('Run pods only on nodes with these labels.').optional(),
    tolerations: atomicList(toleration, 32).describe('Taints of nodes that pods tolerate.').optional(),
    affinity: passedOn
      .describe('Affinity of the pods, as in a pod. Pods are already spread over zones and nodes; see `spec.zones`.')
      .optional(),
    priorityClassName: z.string().max(253).describe('PriorityClass of the pods.').optional(),
    serviceAccountName: objectName
      .describe(
        'ServiceAccount of the pods. It must be allowed to get and patch `relayproxies/status` of this RelayProxy, or `status.instances` stays empty. If unset, the operator creates one with exactly this permission.',
      )
      .optional(),
    runtimeClassName: z.string().max(253).describe('RuntimeClass of the pods.').optional(),
    terminationGracePeriodSeconds: int32(0, 3600)
      .meta({ format: 'int64' })
      .default(60)
      .describe(
        'How long, in seconds, a pod may take to terminate. Open streams are closed gradually over this time, so that their SDKs reconnect to other pods a few at a time. Default 60.',
      ),
    preStopSleepSeconds: int32(0, 3600)
      .describe(
        'How long, in seconds, a pod continues to serve after Services stop sending it new connections and before it is terminated; for load balancers that react slowly. Part of `terminationGracePeriodSeconds`. Needs Kubernetes 1.30.',
      )
      .optional(),
    env: environmentVariables
      .describe(
        'Environment variables of the container, such as `NODE_EXTRA_CA_CERTS`. They do not configure the relay: this object does.',
      )
      .optional(),
    volumes: volumes
      .describe('Volumes, as in a pod, beside those of the operator. Names that the operator uses are refused.')
      .optional(),
    volumeMounts: volumeMounts
      .describe('Where `volumes` are mounted in the container; neither inside nor above folders of the operator.')
      .optional(),
    initContainers: initContainers
      .describe(
        'Containers, as in a pod, that run before the relay; with `restartPolicy: Always` beside it, as sidecars.',
      )
      .optional(),
    topologySpreadConstraints: topologySpreadConstraints
      .describe(
        'Further constraints on the spread of the pods, as in a pod; one for `kubernetes.io/hostname` replaces the default. Without `labelSelector` they count the pods of this RelayProxy. The spread over zones is in `spec.zones`.',
      )
      .optional(),
    securityContext: passedOn
      .describe(
        'Security context of the pods, as in a pod. Default: user, group and file group 65532, not root, seccomp profile RuntimeDefault; what is given here replaces all of it. Key files can be read by the file group only.',
      )
      .optional(),
    containerSecurityContext: passedOn
      .describe(
        'Security context of the container, as in a pod. Default: no privilege escalation, no capabilities, a read-only root file system; what is given here replaces all of it.',
      )
      .optional(),
    serviceAccountAnnotations: stringMap(64, 4096)
      .describe(
        'Annotations of the ServiceAccount that the operator creates, such as those that give pods a cloud identity.',
      )
      .optional(),
    dnsPolicy: z
      .enum(['ClusterFirst', 'Default', 'None'])
      .describe('DNS policy of the pods. None uses `dnsConfig` alone. Defaults to ClusterFirst.')
      .optional(),
    dnsConfig: dnsConfig.describe('DNS settings of the pods, beside those of `dnsPolicy`.').optional(),
    hostAliases: hostAliases.describe('Lines for /etc/hosts of the pods.').optional(),
    probes: probes.prefault({}),
  }),
  notReserved('env', reserved.environment),
  notReserved('volumes', reserved.volumes),
  notReserved('initContainers', reserved.containers),
  mountsApart,
  {
    cel: '!has(self.env) || self.env.all(e, !has(e.value) || !has(e.valueFrom))',
    message: 'only one of `env[].value` or `env[].valueFrom` may be set',
    field: 'env',
    check: ({ env = [] }) => env.every(({ value, valueFrom }) => value === undefined || valueFrom === undefined),
  },
  {
    cel: '!has(self.volumeMounts) || self.volumeMounts.all(m, has(self.volumes) && self.volumes.exists(v, v.name == m.name))',
    message: '`volumeMounts[].name` must be the name of one of `volumes`',
    field: 'volumeMounts',
    check: ({ volumeMounts = [], volumes = [] }) =>
      volumeMounts.every((mount) => volumes.some(({ name }) => name === mount.name)),
  },
  {
    cel: "!has(self.dnsPolicy) || self.dnsPolicy != 'None' || has(self.dnsConfig) && has(self.dnsConfig.nameservers) && size(self.dnsConfig.nameservers) > 0",
    message: "`dnsConfig.nameservers` must be set when `dnsPolicy` is 'None'",
    field: 'dnsConfig.nameservers',
    reason: 'FieldValueRequired',
    check: ({ dnsPolicy, dnsConfig }) => dnsPolicy !== 'None' || (dnsConfig?.nameservers ?? []).length > 0,
  },
  {
    cel: '!has(self.preStopSleepSeconds) || !has(self.terminationGracePeriodSeconds) || self.preStopSleepSeconds < self.terminationGracePeriodSeconds',
    message: '`preStopSleepSeconds` must be less than `terminationGracePeriodSeconds`',
    field: 'preStopSleepSeconds',
    check: ({ preStopSleepSeconds: sleep = -1, terminationGracePeriodSeconds }) =>
      sleep < terminationGracePeriodSeconds,
  },
  {
    cel: '!has(self.serviceAccountAnnotations) || !has(self.serviceAccountName)',
    message: '`serviceAccountAnnotations` may not be set when `serviceAccountName` is set: that account is yours',
    field: 'serviceAccountAnnotations',
    reason: 'FieldValueForbidden',
    check: ({ serviceAccountAnnotations, serviceAccountName }) =>
      serviceAccountAnnotations === undefined || serviceAccountName === undefined,
  },
).describe('Further settings of the pods.');
