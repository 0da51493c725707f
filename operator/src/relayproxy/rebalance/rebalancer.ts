import type { InstanceStatus, RelayProxy } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import type { Clock } from '@flagrelay/kube/clock';
import type { RestClient } from '../../runtime/rest-types.ts';
import { type Pod, types } from '../resources/kubernetes-types.ts';
import { fieldManager, shedAnnotation } from '../resources/names.ts';
import type { Happening } from '../status/events.ts';
import type { DeploymentFacts, PodFacts } from '../status/snapshot.ts';
import { fromTime } from '../status/times.ts';
import { decideRebalance, fresh, OVER_MS, type RebalanceMemory } from './decide.ts';
import { type PodStreams, type ShedOrder, spread } from './imbalance.ts';

/** What one look at a fleet takes. */
export interface RebalanceRequest {
  readonly relayProxy: RelayProxy;
  readonly deployment: DeploymentFacts | undefined;
  readonly pods: readonly PodFacts[];
  readonly instances: readonly InstanceStatus[];
  /** The same pods as the cache has them. */
  readonly rawPods: readonly Pod[];
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface RebalanceResult {
  readonly happening: Happening | undefined;
  /** ms; look again then. */
  readonly recheckAfterMs: number | undefined;
}

/** Has pods close streams when others have far fewer. */
export interface Rebalancer {
  /**
   * Looks at the streams that pods report and, where they have been uneven for a while, annotates those that have too
   * many; kubelet hands the annotation to the relay as a file. Throws what the client throws.
   */
  rebalance(request: RebalanceRequest): Promise<RebalanceResult>;
  forget(uid: string): void;
}

/** Makes a {@link Rebalancer}. It goes by the wall clock, as a new leader knows of the last order by its time only. */
export function createRebalancer(client: RestClient, clock: Pick<Clock, 'wallNow'>): Rebalancer {
  const memories = new Map<string, RebalanceMemory>();

  async function order(pod: Pod, share: number, id: string, signal: AbortSignal): Promise<void> {
    const { name = '', namespace } = pod.metadata ?? {};
    const text = JSON.stringify({ id, share, overMs: OVER_MS });
    const body = { metadata: { annotations: { [shedAnnotation]: text } } };
    try {
      await client.patch(types.pod, { name, namespace }, { type: 'merge', body }, { fieldManager, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error; // it went meanwhile, and its streams with it
    }
  }

  return {
    async rebalance(request) {
      const { relayProxy, rawPods, signal } = request;
      const { uid = '' } = relayProxy.metadata;
      const { mode, paused, streaming } = relayProxy.spec;
      if (!streaming.rebalance || paused || mode === 'Daemon') {
        memories.delete(uid);
        return { happening: undefined, recheckAfterMs: undefined };
      }
      const now = clock.wallNow();
      const streams = settledStreams(request);
      const before = memories.get(uid) ?? { ...fresh, orderedAt: lastOrder(rawPods) };
      const { decision, memory } = decideRebalance(before, streams, now);
      const id = new Date(now).toISOString();
      for (const { uid: podUid, share } of decision.orders) {
        const pod = rawPods.find(({ metadata }) => metadata?.uid === podUid);
        if (pod !== undefined) await order(pod, share, id, signal);
      }
      memories.set(uid, memory);
      const happening = decision.orders.length > 0 ? told(decision.orders, streams ?? []) : undefined;
      return { happening, recheckAfterMs: decision.recheckAfterMs };
    },
    forget: (uid) => void memories.delete(uid),
  };
}

/** The streams of every pod; undefined while pods come or go, or one of them has not reported. */
export function settledStreams({
  deployment,
  pods,
  instances,
}: Pick<RebalanceRequest, 'deployment' | 'pods' | 'instances'>): PodStreams[] | undefined {
  if (deployment === undefined) return undefined;
  const { observed, desired, replicas, updated, available } = deployment;
  if (!observed || [replicas, updated, available, pods.length].some((count) => count !== desired)) return undefined;
  if (pods.some((pod) => !pod.ready)) return undefined;
  const reported = new Map(instances.map((item) => [item.uid, item.connections]));
  const streams = pods.flatMap(({ uid }) => {
    const connections = reported.get(uid);
    return connections === undefined ? [] : [{ uid, connections }];
  });
  return streams.length === pods.length ? streams : undefined;
}

/** When a pod was last asked, by the annotations; ms since the epoch. */
function lastOrder(pods: readonly Pod[]): number | undefined {
  const times = pods.flatMap(({ metadata }) => {
    const id = /"id":"([^"]+)"/.exec(metadata?.annotations?.[shedAnnotation] ?? '')?.[1];
    return fromTime(id) ?? [];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}

function told(orders: readonly ShedOrder[], streams: readonly PodStreams[]): Happening {
  const { mean, least } = spread(streams);
  const percent = Math.round(Math.max(...orders.map(({ share }) => share)) * 100);
  const count = orders.length === 1 ? 'One pod closes' : `${orders.length} pods close`;
  return {
    type: 'Normal',
    reason: 'Rebalanced',
    action: 'Rebalance',
    note: `${count} up to ${percent} % of their streams over ${OVER_MS / 1000} s: one pod has ${least} open, the mean is ${Math.round(mean)}.`,
  };
}
