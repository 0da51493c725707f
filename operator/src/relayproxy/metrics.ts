import { Gauge, type Registry } from 'prom-client';
import type { Store } from '../runtime/store-types.ts';
import type { RawRelayProxy } from './resources/kubernetes-types.ts';

/**
 * Registers the metrics about RelayProxies. They are read from the cache when they are asked for, so that those of a deleted one
 * are gone at once and followers, whose caches are warm, report the same.
 */
export function registerRelayProxyMetrics(registry: Registry, relayProxies: Store<RawRelayProxy>): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (relayProxy: RawRelayProxy, set: (labels: Record<L, string>, value: number) => void) => void,
  ) =>
    new Gauge<L>({
      name: `flagrelay_relayproxy_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const item of relayProxies.list()) {
          read(item, (labels, value) => this.set(labels as Partial<Record<L, string>>, value));
        }
      },
    });

  gauge('info', 'One for each RelayProxy.', ['namespace', 'name', 'version'], (item, set) => {
    set({ ...identity(item), version: item.status?.version ?? '' }, 1);
  });
  gauge(
    'condition',
    '1 for the status that the condition has.',
    ['namespace', 'name', 'type', 'status'],
    (item, set) => {
      for (const condition of item.status?.conditions ?? []) {
        for (const status of ['True', 'False', 'Unknown']) {
          set({ ...identity(item), type: condition.type, status }, Number(condition.status === status));
        }
      }
    },
  );
  gauge('environments', 'Environments by state.', ['namespace', 'name', 'state'], (item, set) => {
    const states = (item.status?.environments ?? []).map(({ state }) => state);
    for (const state of new Set(states)) {
      set({ ...identity(item), state }, states.filter((other) => other === state).length);
    }
  });
  gauge('pods', 'Pods by zone and readiness.', ['namespace', 'name', 'zone', 'ready'], (item, set) => {
    for (const { name: zone, replicas = 0, readyReplicas = 0 } of item.status?.zones ?? []) {
      set({ ...identity(item), zone, ready: 'true' }, readyReplicas);
      set({ ...identity(item), zone, ready: 'false' }, replicas - readyReplicas);
    }
  });
}

function identity({ metadata }: RawRelayProxy): { namespace: string; name: string } {
  return { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' };
}
