import type { RelayProxySpec } from '@flagrelay/crds';
import type { Store } from '../../runtime/store-types.ts';
import type { PodDocument } from '../pods/pod-document.ts';
import type { PodFacts } from '../pods/pod-facts.ts';
import { isStarting, waitingOf } from '../pods/pod-waiting.ts';
import type { Node, Pod } from '../resources/kubernetes-types.ts';
import { fromTime } from '../resources/times.ts';
import { mountedConfigMap } from '../resources/volumes.ts';

/** True for a pod that has ended and will not run again, such as an evicted one. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/**
 * What the status tells of the pods that are not finished, in order of their names; `document` says what a ConfigMap with a
 * configuration holds. A pod's zone is the label of its
 * node or, where nodes may not be read, its own (newer clusters copy it) or what the pod itself reports.
 */
export function podFacts(
  pods: readonly Pod[],
  nodes: Store<Node> | undefined,
  reportedZone: (pod: string) => string | undefined,
  { topologyKey }: RelayProxySpec['zones'],
  document: (configMap: string) => PodDocument | undefined = () => undefined,
): PodFacts[] {
  // What a pod reports is the zone of the cloud; where nodes are the zones, their names are told apart as well.
  const otherZone = (pod: Pod, name: string) =>
    topologyKey === 'kubernetes.io/hostname' ? pod.spec?.nodeName : reportedZone(name);
  return pods
    .filter((pod) => !isFinished(pod))
    .map((pod): PodFacts => {
      const { name = '', uid = '', labels, deletionTimestamp, creationTimestamp } = pod.metadata ?? {};
      const node = pod.spec?.nodeName ? nodes?.get({ name: pod.spec.nodeName }) : undefined;
      const zone = node?.metadata?.labels?.[topologyKey] ?? labels?.[topologyKey] ?? otherZone(pod, name);
      const terminating = deletionTimestamp !== undefined;
      const configMap = mountedConfigMap(pod.spec);
      return {
        name,
        uid,
        terminating,
        ready: !terminating && readyCondition(pod)?.status === 'True',
        readySince: fromTime(readyCondition(pod)?.lastTransitionTime),
        createdAt: fromTime(creationTimestamp),
        zone: zone || undefined,
        address: pod.status?.podIP,
        ...(pod.spec?.hostNetwork && { hostNetwork: true }),
        waiting: waitingOf(pod),
        document: configMap === undefined ? undefined : document(configMap),
        ...(!terminating && isStarting(pod) && { startingSince: scheduledAt(pod) }),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function scheduledAt({ status, metadata }: Pod): number {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return fromTime(scheduled?.lastTransitionTime) ?? fromTime(metadata?.creationTimestamp) ?? 0;
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find(({ type }) => type === 'Ready');
}
