import { z } from 'zod';
import { int32 } from './kubernetes.ts';
import { withRules } from './rules.ts';

/** A HorizontalPodAutoscaler. */
export const autoscaling = withRules(
  z.object({
    minReplicas: int32(1, 100).default(3).describe('Fewest pods. Default 3.'),
    maxReplicas: int32(1, 100).describe('Most pods.'),
    targetCPUUtilizationPercentage: int32(1, 100)
      .default(70)
      .describe('CPU use to hold, in percent of what the pods request. Default 70.'),
    targetMemoryUtilizationPercentage: int32(1, 100)
      .describe('Memory use to hold, in percent of what the pods request. Absent: memory is not looked at.')
      .optional(),
    scaleDownStabilizationSeconds: int32(0, 3600)
      .default(300)
      .describe('How long, in seconds, the load must have been low before pods are removed. Default 300.'),
  }),
  {
    cel: 'self.minReplicas <= self.maxReplicas',
    message: '`minReplicas` must be less than or equal to `maxReplicas`',
    field: 'minReplicas',
    check: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
  },
).describe('Let a HorizontalPodAutoscaler choose the number of pods; `replicas` is ignored then.');
