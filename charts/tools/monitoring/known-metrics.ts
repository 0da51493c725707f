import { createFleetMetrics, registerRelayProxyMetrics } from '@flagrelay/operator/fleet-metrics';
import type { Deployment, RawRelayProxy } from '@flagrelay/operator/kinds';
import { createRuntimeMetrics, ObjectStore } from '@flagrelay/operator/runtime';
import { METRICS, type MetricDefinition } from '@flagrelay/relay/metrics';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';

/** A metric as the code registers it. */
export interface KnownMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Metrics of the relay, Node's own among them. */
export async function relayMetrics(): Promise<readonly KnownMetric[]> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return [...Object.values(METRICS as Record<string, MetricDefinition>), ...(await registered(registry))];
}

/** Metrics of the operator, Node's own among them. */
export async function operatorMetrics(): Promise<readonly KnownMetric[]> {
  const registry = new Registry();
  createRuntimeMetrics(registry);
  createFleetMetrics(registry);
  const relayProxies = new ObjectStore<RawRelayProxy>();
  registerRelayProxyMetrics(registry, { relayProxies, deployments: new ObjectStore<Deployment>() });
  return registered(registry);
}

async function registered(registry: Registry): Promise<KnownMetric[]> {
  const types = new Map((await registry.getMetricsAsJSON()).map(({ name, type }) => [name, String(type)]));
  return registry.getMetricsAsArray().map((metric) => {
    // Every kind of metric keeps the names of its labels; the declaration of the library leaves that out.
    const {
      name,
      help,
      labelNames = [],
    } = metric as unknown as Metric & {
      readonly name: string;
      readonly help: string;
      readonly labelNames?: readonly string[];
    };
    return { name, help, type: types.get(name) ?? '', labels: [...labelNames] };
  });
}
