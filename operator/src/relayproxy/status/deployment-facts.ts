import type { Deployment } from '../resources/kubernetes-types.ts';
import type { DeploymentFacts } from './snapshot.ts';

/** What the status tells of the live Deployment. */
export function deploymentFacts({ metadata, spec, status }: Deployment): DeploymentFacts {
  const condition = (type: string) => status?.conditions?.find((item) => item.type === type);
  const progress = condition('Progressing');
  const failure = condition('ReplicaFailure');
  const stuck = progress?.status === 'False' && progress.reason === 'ProgressDeadlineExceeded';
  return {
    desired: spec?.replicas ?? 1,
    replicas: status?.replicas ?? 0,
    ready: status?.readyReplicas ?? 0,
    updated: status?.updatedReplicas ?? 0,
    available: status?.availableReplicas ?? 0,
    observed: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
    paused: spec?.paused === true,
    deadlineExceeded: stuck ? (progress.message ?? 'The rollout did not get on in time.') : undefined,
    replicaFailure: failure?.status === 'True' ? (failure.message ?? failure.reason) : undefined,
  };
}
