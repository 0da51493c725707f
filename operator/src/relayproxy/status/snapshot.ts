import type { InstanceStatus, RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { MissingReference, PodFacts } from '../pods/pod-facts.ts';
import type { ScalingDecision } from '../scaling/decide.ts';

/** Everything that the status is computed from, at one moment. Status functions are pure functions of it. */
export interface Snapshot {
  /** ms since the epoch */
  readonly now: number;
  readonly relayProxy: RelayProxy;
  /** The status as it was last written. */
  readonly previous: RelayProxyStatus;
  readonly outcome: Outcome;
  readonly deployment: DeploymentFacts | undefined;
  /** Pods that are not finished, in order of their names. */
  readonly pods: readonly PodFacts[];
  /** Reports of those pods. */
  readonly instances: readonly InstanceStatus[];
  /** ConfigMaps and claims that the spec refers to and that are not there. */
  readonly missing: readonly MissingReference[];
  /** What scaling on connections came to; undefined without it, and while there is no Deployment. */
  readonly scaling: ScalingDecision | undefined;
  /** Hash of the configuration document of the newest pods. */
  readonly configHash: string;
  /** Name of the ConfigMap with that document. */
  readonly configMap?: string | undefined;
  /** The image that the pods run, or will once the rollout is complete. */
  readonly image: string;
  /** Release of the operator. */
  readonly operatorVersion: string;
  /** Ready pods that do not report, so that the operator asks them. */
  readonly silent: readonly SilentPod[];
  /** Another RelayProxy needs an object of the same name as this one: in words. */
  readonly collision?: string | undefined;
  /** When the pods' ServiceAccount was made, where it is the operator's: ms since the epoch. */
  readonly accountSince?: number | undefined;
}

/** What became of the children. */
export type Outcome =
  | { readonly kind: 'applied'; readonly upgrade?: PendingUpgrade | undefined }
  | { readonly kind: 'paused' }
  | { readonly kind: 'failed'; readonly problems: readonly [ChildProblem, ...ChildProblem[]] };

/** A newer pod template of this release of the operator waits for its turn. */
export interface PendingUpgrade {
  /** For people: what it waits for. */
  readonly why: string;
}

/** Why a child is not what it should be. */
export interface ChildProblem {
  readonly reason:
    | 'FieldConflict'
    | 'ApplyFailed'
    | 'QuotaExceeded'
    | 'Forbidden'
    | 'KindNotInstalled'
    | 'KindDisabled'
    | 'ImageVolumeUnsupported'
    | 'DriftsBack'
    | 'Overridden';
  readonly message: string;
  /** What it does to the fleet shows in the pods, so that it alone does not make Ready False. */
  readonly observable?: boolean | undefined;
}

/** The live Deployment, as far as the status tells of it. */
export interface DeploymentFacts {
  /** Pods that there should be. */
  readonly desired: number;
  readonly replicas: number;
  readonly ready: number;
  readonly updated: number;
  readonly available: number;
  /** False while the Deployment's controller has not seen the newest spec. */
  readonly observed: boolean;
  /** Somebody paused the Deployment itself: it rolls nothing out. */
  readonly paused: boolean;
  /** The rollout did not get on in time: the Deployment's own words. */
  readonly deadlineExceeded: string | undefined;
  /** Pods cannot be created (quota, admission): the API server's words. */
  readonly replicaFailure: string | undefined;
}

/** A pod that does not report by itself. */
export interface SilentPod {
  readonly name: string;
  /** Why asking it brought nothing, either; undefined when it answered or was not asked yet. */
  readonly problem: string | undefined;
  /** Why its reports do not get through, in the word of the pod itself. */
  readonly cause?: string | undefined;
}
