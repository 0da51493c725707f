import type { RelayProxy } from '@flagrelay/crds';
import type { V2HorizontalPodAutoscaler, V2MetricSpec } from '@kubernetes/client-node';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName } from './names.ts';

/** The HorizontalPodAutoscaler, or undefined without `autoscaling`. */
export function buildHorizontalPodAutoscaler(
  relayProxy: RelayProxy,
  facts: Facts,
): Child<V2HorizontalPodAutoscaler> | undefined {
  const { autoscaling } = relayProxy.spec;
  if (autoscaling === undefined) return undefined;
  const name = relayName(relayProxy);
  const { targetCPUUtilizationPercentage: cpu, targetMemoryUtilizationPercentage: memory } = autoscaling;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: childMetadata(relayProxy, facts, name),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: [utilization('cpu', cpu), ...(memory === undefined ? [] : [utilization('memory', memory)])],
      behavior: { scaleDown: { stabilizationWindowSeconds: autoscaling.scaleDownStabilizationSeconds } },
    },
  };
}

function utilization(name: string, averageUtilization: number): V2MetricSpec {
  return { type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } };
}
