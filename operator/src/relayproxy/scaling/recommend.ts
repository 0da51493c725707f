/** What one pod carries, as far as is known. */
export interface PodLoad {
  readonly ready: boolean;
  /** Being deleted. */
  readonly terminating: boolean;
  /** Open streams that the pod reported; undefined when it has not. */
  readonly connections: number | undefined;
}

/** What the open streams ask for. */
export interface Recommendation {
  /** Undefined when too little is known to say anything. */
  readonly replicas: number | undefined;
  /** Open streams of the pods that count. */
  readonly connections: number;
  /** Pods that should carry streams and have not reported any number. */
  readonly silent: number;
}

/** Within this share of the target nothing is changed (the HorizontalPodAutoscaler's own value). */
export const TOLERANCE = 0.1;

/**
 * How many pods the reported streams ask for, at `target` streams a pod. What is not known is taken for the worse, as the
 * HorizontalPodAutoscaler does with metrics that are missing: a pod that is silent, not ready or not there yet carries
 * nothing when the question is whether to add pods, and as much as it should when it is whether to remove some. Streams of
 * pods that are going away have not reached the others yet, so that they keep pods from being removed, no more.
 */
export function recommend(loads: readonly PodLoad[], current: number, target: number): Recommendation {
  const staying = loads.filter((pod) => !pod.terminating);
  const known = staying.flatMap((pod) => (pod.ready && pod.connections !== undefined ? pod.connections : []));
  const connections = sum(known);
  const silent = Math.max(current, staying.length) - known.length;
  if (known.length === 0) return { replicas: undefined, connections, silent };
  const wanted = current * target;
  if (connections > wanted * (1 + TOLERANCE)) return { replicas: Math.ceil(connections / target), connections, silent };
  const leaving = sum(loads.flatMap((pod) => (pod.terminating ? (pod.connections ?? 0) : [])));
  const most = connections + leaving + silent * target;
  const fewer = most < wanted * (1 - TOLERANCE) ? Math.ceil(most / target) : current;
  return { replicas: Math.min(current, fewer), connections, silent };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
