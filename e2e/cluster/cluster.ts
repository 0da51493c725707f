import type { ImageArchive } from '../images/image-archive.ts';
import type { Kubectl } from './kubectl.ts';

/** Which way the cluster came to be. */
export type ClusterKind = 'given' | 'kind' | 'local';

/** This kind of cluster cannot do that; tests that need it are skipped there. */
export class UnsupportedByClusterError extends Error {
  constructor(kind: ClusterKind, what: string) {
    super(`a cluster of kind "${kind}" does not support: ${what}`);
    this.name = 'UnsupportedByClusterError';
  }
}

/** A cluster for demo and tests. Every method is idempotent. */
export interface Cluster {
  readonly kind: ClusterKind;
  readonly kubeconfig: string;
  /** Folder in which this cluster keeps its state; tests put diagnostics there. */
  readonly stateFolder: string;
  /** The API server's audit log (JSON lines, writes only, metadata level), where this machine can read it. */
  readonly auditLog: string | undefined;
  /** Brings it up and waits until its nodes are Ready. */
  up(): Promise<void>;
  /** Takes it away with everything that it left on this machine. A given cluster is left alone. */
  down(): Promise<void>;
  /** Lines for a person: nodes, processes, what is wrong. */
  status(): Promise<string[]>;
  /** Makes images known to every node; returns the names of those that were new. */
  loadImages(archives: readonly ImageArchive[]): Promise<string[]>;
  /** Stops the API server and returns when it has ended; pods go on. */
  stopApiServer(): Promise<void>;
  /** Starts it again as it was, and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Stops a node's kubelet; its pods go on, the node is NotReady after some 50 s. */
  stopKubelet(node: string): Promise<void>;
  startKubelet(node: string): Promise<void>;
  /** Stops a node as a power cut does: its kubelet, and every process of its pods. */
  stopNode(node: string): Promise<void>;
  /** Starts it again; its kubelet then starts the pods that are still meant to be there. */
  startNode(node: string): Promise<void>;
  /** kubectl for this cluster, in the cluster's version. */
  kubectl(): Promise<Kubectl>;
}
