import * as z from 'zod';
import { int32, passedOn } from './kubernetes.ts';
import { withRules } from './rules.ts';

/** Fewest pods of an autoscaler that names none, where no capacity asks for more. */
export const DEFAULT_MIN_REPLICAS = 3;

/** A HorizontalPodAutoscaler, or the operator's own scaling on connections. */
export const autoscaling = withRules(
  z.object({
    minReplicas: int32(1, 100)
      .describe('Fewest pods. Default 3, or what `capacity` needs when all is well.')
      .optional(),
    maxReplicas: int32(1, 100)
      .describe('Most pods. Required without `capacity`; with it, the default has room for twice its connections.')
      .optional(),
    targetCPUUtilizationPercentage: int32(1, 100)
      .describe(
        'CPU use to hold, in percent of what the pods request. Default 70, unless `targetConnectionsPerReplica` is set.',
      )
      .optional(),
    targetMemoryUtilizationPercentage: int32(1, 100)
      .describe('Memory use to hold, in percent of what the pods request. Absent: memory is not looked at.')
      .optional(),
    targetConnectionsPerReplica: int32(1, 1_000_000)
      .describe(
        'Open SDK streams to hold on each pod. The operator itself then sets the number of pods from what they report; no HorizontalPodAutoscaler and no metrics adapter are involved.',
      )
      .optional(),
    scaleDownStabilizationSeconds: int32(0, 3600)
      .default(300)
      .describe('How long, in seconds, the load must have been low before pods are removed. Default 300.'),
    behavior: passedOn
      .describe(
        'Policies for scaling up and down, as in a HorizontalPodAutoscaler; a `scaleDown.stabilizationWindowSeconds` in it stands above `scaleDownStabilizationSeconds`.',
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
  'Let the number of pods follow the load, by a HorizontalPodAutoscaler or by connections; `replicas` is ignored then.',
);
