/** Metadata of a Lease, as far as elections look at it; what else a server sends is written back as it was read. */
export interface LeaseMetadata {
  name?: string;
  namespace?: string;
  resourceVersion?: string;
  annotations?: Record<string, string>;
}

/** Who holds a Lease. Times are RFC 3339 with microseconds; they are for people: no process compares its clock with them. */
export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** A Lease of `coordination.k8s.io/v1`. */
export interface Lease {
  apiVersion?: string;
  kind?: string;
  metadata?: LeaseMetadata;
  spec?: LeaseSpec;
}

/** A wall-clock time in ms as MicroTime: the API server wants exactly six digits. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}

/** The Lease as `identity` holds it from `wallMs` on, for `seconds`. A change of holder counts as a transition; the first holder of a new Lease does not. */
export function heldLease(previous: Lease | undefined, identity: string, seconds: number, wallMs: number): Lease {
  const spec = previous?.spec ?? {};
  const same = spec.holderIdentity === identity;
  return {
    ...previous,
    spec: {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      renewTime: microTime(wallMs),
      acquireTime: same && spec.acquireTime ? spec.acquireTime : microTime(wallMs),
      leaseTransitions: (spec.leaseTransitions ?? 0) + (same || previous === undefined ? 0 : 1),
    },
  };
}

/** The Lease given up: others may take it at once. */
export function releasedLease(previous: Lease, wallMs: number): Lease {
  const time = microTime(wallMs);
  return {
    ...previous,
    spec: { ...previous.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: time, acquireTime: time },
  };
}
