import * as z from 'zod';
import { int32, passedOn } from './kubernetes.ts';
import { withRules } from './rules.ts';

/** Fewest pods of an autoscaler that names none, where no capacity asks for more. */
export const DEFAULT_MIN_REPLICAS = 3;

/** A HorizontalPodAutoscaler, or the operator's own scaling on connections. */
export const autoscaling = withRules(
  z.object({
    minReplicas: int32(1, 100)
      .describe('Minimum number of pods. Default 3, or what `capacity` needs while all zones are available.')
      .optional(),
    maxReplicas: int32(1, 100)
      .describe(
        'Maximum number of pods. Required without `capacity`; with it, the default has room for twice its connections.',
      )
      .optional(),
    targetCPUUtilizationPercentage: int32(1, 100)
      .describe(
        "Target CPU utilization, in percent of the pods' requests. Default 70, unless `targetConnectionsPerReplica` is set.",
      )
      .optional(),
    targetMemoryUtilizationPercentage: int32(1, 100)
      .describe("Target memory utilization, in percent of the pods' requests. If unset, memory use is ignored.")
      .optional(),
    targetConnectionsPerReplica: int32(1, 1_000_000)
      .describe(
        'Target number of open SDK streams per pod. The operator then scales the pods itself, from what they report; neither a HorizontalPodAutoscaler nor a metrics adapter is used.',
      )
      .optional(),
    scaleDownStabilizationSeconds: int32(0, 3600)
      .default(300)
      .describe('How long, in seconds, load must be low before pods are removed. Default 300.'),
    behavior: passedOn
      .describe(
        'Policies for scaling up and down, as in a HorizontalPodAutoscaler; its `scaleDown.stabilizationWindowSeconds` takes precedence over `scaleDownStabilizationSeconds`.',
      )
      .optional(),
  }),
  {
    cel: `!has(self.maxReplicas) || (has(self.minReplicas) ? self.minReplicas : ${DEFAULT_MIN_REPLICAS}) <= self.maxReplicas`,
    message: `\`minReplicas\` (${DEFAULT_MIN_REPLICAS} when it is not set) must be less than or equal to \`maxReplicas\``,
    field: 'minReplicas',
    check: ({ minReplicas = DEFAULT_MIN_REPLICAS, maxReplicas }) =>
      maxReplicas === undefined || minReplicas <= maxReplicas,
  },
  {
    cel: '!has(self.targetConnectionsPerReplica) || !has(self.behavior)',
    message: '`behavior` may not be set when `targetConnectionsPerReplica` is set: no HorizontalPodAutoscaler is made',
    field: 'behavior',
    reason: 'FieldValueForbidden',
    check: ({ targetConnectionsPerReplica, behavior }) =>
      targetConnectionsPerReplica === undefined || behavior === undefined,
  },
  {
    cel: '!has(self.targetConnectionsPerReplica) || !(has(self.targetCPUUtilizationPercentage) || has(self.targetMemoryUtilizationPercentage))',
    message:
      '`targetConnectionsPerReplica` may not be set together with `targetCPUUtilizationPercentage` or `targetMemoryUtilizationPercentage`: two autoscalers would work against each other',
    field: 'targetConnectionsPerReplica',
    reason: 'FieldValueForbidden',
    check: (value) =>
      value.targetConnectionsPerReplica === undefined ||
      (value.targetCPUUtilizationPercentage === undefined && value.targetMemoryUtilizationPercentage === undefined),
  },
).describe(
  'Scale the number of pods with the load, using a HorizontalPodAutoscaler or the number of connections. `replicas` is then ignored.',
);
