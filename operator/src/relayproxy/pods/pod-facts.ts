import type { PodDocument } from './pod-document.ts';

/** One pod, as far as the status tells of it. */
export interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  /** Undefined while the pod is not scheduled, or where nodes have no zone. */
  readonly zone: string | undefined;
  /** Being deleted. */
  readonly terminating: boolean;
  /** Why its container does not run. */
  readonly waiting: Waiting | undefined;
  /** Since when its containers are being made, ms since the epoch; undefined once they are. */
  readonly startingSince?: number | undefined;
  /** When it became what `ready` says, ms since the epoch. */
  readonly readySince: number | undefined;
  /** ms since the epoch */
  readonly createdAt: number | undefined;
  /** IP address; undefined until it has one. */
  readonly address: string | undefined;
  /** The configuration that it was made for; undefined while that is not known. */
  readonly document?: PodDocument | undefined;
  /** True for a pod in the network of its node, whose address is the node's. */
  readonly hostNetwork?: boolean | undefined;
}

/** Why a pod does not run. */
export interface Waiting {
  /** One CamelCase word, such as `ImagePullBackOff`. */
  readonly reason: string;
  /** What kubelet, the scheduler or the pod itself says of it; the same from one attempt to the next. */
  readonly words: string | undefined;
  /** The object, or the key in it, that it waits for, where that is it. */
  readonly missing?: MissingReference | undefined;
}

/** Something that the spec refers to and that is not there. */
export interface MissingReference {
  readonly reason: 'ConfigMapNotFound' | 'KeyNotFound' | 'ClaimNotFound' | 'SecretNotFound';
  /** For people, such as `ConfigMap "flags"`. */
  readonly what: string;
}
