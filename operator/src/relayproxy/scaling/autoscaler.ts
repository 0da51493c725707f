import type { InstanceStatus } from '@flagrelay/crds';
import type { Clock } from '@flagrelay/kube/clock';
import type { Deployment } from '../resources/kubernetes-types.ts';
import type { Plan } from '../sizing/plan.ts';
import type { PodFacts } from '../status/snapshot.ts';
import { decide, type ScalingDecision, type ScalingMemory } from './decide.ts';
import type { PodLoad } from './recommend.ts';

/** What one decision takes. */
export interface AutoscaleRequest {
  /** UID of the RelayProxy. */
  readonly uid: string;
  readonly plan: Plan;
  readonly live: Deployment | undefined;
  readonly pods: readonly PodFacts[];
  readonly instances: readonly InstanceStatus[];
}

/** Scales fleets on the connections that their pods report. */
export interface Autoscaler {
  /** How many pods there should be; undefined when connections do not decide, or there is no Deployment yet. */
  decide(request: AutoscaleRequest): ScalingDecision | undefined;
  forget(uid: string): void;
}

/** Makes an {@link Autoscaler} that remembers what it recommended; the clock gives the windows their length. */
export function createAutoscaler(clock: Pick<Clock, 'now'>): Autoscaler {
  const memories = new Map<string, ScalingMemory>();
  return {
    decide({ uid, plan: { scaling }, live, pods, instances }) {
      const current = live?.spec?.replicas;
      if (scaling?.by !== 'connections' || current === undefined) {
        memories.delete(uid);
        return undefined;
      }
      const loads = loadsOf(pods, instances);
      const { decision, memory } = decide(memories.get(uid), { scaling, current, loads, now: clock.now() });
      memories.set(uid, memory);
      return decision;
    },
    forget: (uid) => void memories.delete(uid),
  };
}

/** What each pod carries: by its own report, which must be of that very pod. */
export function loadsOf(pods: readonly PodFacts[], instances: readonly InstanceStatus[]): PodLoad[] {
  const reported = new Map(instances.map((item) => [item.uid, item.connections]));
  return pods.map(({ uid, ready, terminating }) => ({ ready, terminating, connections: reported.get(uid) }));
}
