import type { Origin } from './recorded.ts';

/** One stretch of a run of `make scale`. */
export interface ScaledPhase {
  readonly name: string;
  readonly seconds: number;
  readonly operatorCpuSeconds: number;
  /** Of the control plane and what plays kubelets and relays. */
  readonly otherCpuSeconds: number;
  /** Of the operator, at the end and at most. */
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** Requests of the operator. */
  readonly reads: number;
  readonly writes: number;
}

/** A run of `make scale`, as its `--out` writes it. */
export interface Scaled {
  readonly origin: Origin;
  readonly relayProxies: number;
  readonly pods: number;
  readonly phases: readonly ScaledPhase[];
}
