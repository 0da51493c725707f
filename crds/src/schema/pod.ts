import { z } from 'zod';
import { atomicList, int32, objectName, passedOn, quantity, stringMap } from './kubernetes.ts';

/** Quantities by the name of what they are of: `cpu`, `memory`. */
export const quantities = z
  .record(z.string(), quantity)
  .refine((map) => Object.keys(map).length <= 8, 'must have at most 8 items')
  .meta({ maxProperties: 8 });

/** Compute resources of the relay's container. */
export const resources = z
  .object({
    requests: quantities.describe('What the scheduler sets aside for the pod, such as `cpu: 100m`.').optional(),
    limits: quantities
      .describe('What the pod may use at most. A CPU limit slows the relay down when load peaks; leave it out.')
      .optional(),
  })
  .describe(
    'Compute resources of the container. Each that is not given is chosen: by `capacity` where it is set, else requests of 100m CPU and 128Mi memory and a limit of 512Mi memory. An empty map (`limits: {}`) chooses none.',
  );

const toleration = z.object({
  key: z.string().max(316).describe('Key of the taint. Absent, with Exists: every taint.').optional(),
  operator: z.string().max(32).describe('Exists or Equal. Default Equal.').optional(),
  value: z.string().max(63).describe('Value of the taint, with Equal.').optional(),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .describe('Effect of the taint. Absent: every effect.')
    .optional(),
  tolerationSeconds: z
    .int()
    .meta({
      format: 'int64',
      description: 'How long, in seconds, a NoExecute taint is tolerated. Absent: for ever.',
    })
    .optional(),
});

/** What else pods of the relay get. */
export const podTemplate = z
  .object({
    labels: stringMap(32, 63)
      .describe('Labels of the pods. Those that the operator sets itself cannot be changed.')
      .optional(),
    annotations: stringMap(64, 4096).describe('Annotations of the pods.').optional(),
    nodeSelector: stringMap(16, 63).describe('Run pods only on nodes with these labels.').optional(),
    tolerations: atomicList(toleration, 32).describe('Taints of nodes that pods tolerate.').optional(),
    affinity: passedOn
      .describe('Affinity of the pods, as in a pod. Spreading over zones and nodes is there already; see `spec.zones`.')
      .optional(),
    priorityClassName: z.string().max(253).describe('PriorityClass of the pods.').optional(),
    serviceAccountName: objectName
      .describe(
        'ServiceAccount of the pods. It must be allowed to get and patch `relayproxies/status` of this RelayProxy, or `status.instances` stays empty. Absent: the operator creates one that may do just that.',
      )
      .optional(),
    runtimeClassName: z.string().max(253).describe('RuntimeClass of the pods.').optional(),
    terminationGracePeriodSeconds: int32(0, 3600)
      .meta({ format: 'int64' })
      .default(60)
      .describe(
        'How long, in seconds, a pod may take to end. Open streams are closed spread over this time, so that their SDKs reconnect to other pods a few at a time. Default 60.',
      ),
  })
  .describe('What else the pods get.');
