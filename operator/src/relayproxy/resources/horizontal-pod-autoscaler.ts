import type { RelayProxy } from '@flagrelay/crds';
import type {
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerBehavior,
  V2MetricSpec,
} from '@kubernetes/client-node';
import { planOf } from '../sizing/plan.ts';
import type { Facts } from './facts.ts';
import { type Child, childMetadata } from './metadata.ts';
import { relayName } from './names.ts';

/** The HorizontalPodAutoscaler, or undefined without `autoscaling`, and where the operator itself does the scaling. */
export function buildHorizontalPodAutoscaler(
  relayProxy: RelayProxy,
  facts: Facts,
): Child<V2HorizontalPodAutoscaler> | undefined {
  const { scaling } = planOf(relayProxy);
  if (scaling?.by !== 'utilization') return undefined;
  const name = relayName(relayProxy);
  const { cpu, memory } = scaling;
  const given = relayProxy.spec.autoscaling?.behavior as V2HorizontalPodAutoscalerBehavior | undefined;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: childMetadata(relayProxy, facts, name),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: scaling.min,
      maxReplicas: scaling.max,
      metrics: [utilization('cpu', cpu), ...(memory === undefined ? [] : [utilization('memory', memory)])],
      behavior: {
        ...given,
        scaleDown: { stabilizationWindowSeconds: scaling.windowSeconds, ...given?.scaleDown },
      },
    },
  };
}

function utilization(name: string, averageUtilization: number): V2MetricSpec {
  return { type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } };
}
