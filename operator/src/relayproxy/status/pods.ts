import type { RelayProxySpec } from '@flagrelay/crds';
import type { Store } from '../../runtime/store-types.ts';
import type { Node, Pod } from '../resources/kubernetes-types.ts';
import type { PodFacts } from './snapshot.ts';

/** Reasons to wait that are part of every start. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing']);

/** A pull that failed and one that waits for its next attempt take turns; the status must not. */
const SAME_REASON: ReadonlyMap<string, string> = new Map([['ErrImagePull', 'ImagePullBackOff']]);

/** True for a pod that has ended and will not run again, such as an evicted one. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/**
 * What the status tells of the pods that are not finished, in order of their names. A pod's zone is the label of its
 * node or, where nodes may not be read, its own (newer clusters copy it) or what the pod itself reports.
 */
export function podFacts(
  pods: readonly Pod[],
  nodes: Store<Node> | undefined,
  reportedZone: (pod: string) => string | undefined,
  { topologyKey }: RelayProxySpec['zones'],
): PodFacts[] {
  return pods
    .filter((pod) => !isFinished(pod))
    .map((pod): PodFacts => {
      const { name = '', uid = '', labels, deletionTimestamp } = pod.metadata ?? {};
      const node = pod.spec?.nodeName ? nodes?.get({ name: pod.spec.nodeName }) : undefined;
      const zone = node?.metadata?.labels?.[topologyKey] ?? labels?.[topologyKey] ?? reportedZone(name);
      const terminating = deletionTimestamp !== undefined;
      return {
        name,
        uid,
        terminating,
        ready: !terminating && isReady(pod),
        zone: zone || undefined,
        waiting: waiting(pod),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Why the pod does not run: what keeps its container from starting, or from being placed. */
function waiting(pod: Pod): string | undefined {
  const { containerStatuses = [], conditions = [] } = pod.status ?? {};
  const reason = containerStatuses
    .map(({ state }) => state?.waiting?.reason)
    .find((text) => text && !STARTING.has(text));
  if (reason !== undefined) return SAME_REASON.get(reason) ?? reason;
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? (scheduled.reason ?? 'Unschedulable') : undefined;
}
