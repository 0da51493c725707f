import type { KubernetesObject, ResourceType } from './objects.ts';

/** coordination.k8s.io/v1 Lease. Times are RFC 3339 with microseconds. */
export interface Lease extends KubernetesObject {
  spec?: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/** The Lease kind. */
export const leases: ResourceType<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** A wall-clock time in ms as MicroTime; the API server refuses milliseconds alone. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}

/** The lease as this process holds it from `wallMs` on. A change of holder counts as a transition. */
export function heldLease(
  previous: Lease | undefined,
  identity: string,
  seconds: number,
  wallMs: number,
): Lease['spec'] {
  const spec = previous?.spec ?? {};
  const same = spec.holderIdentity === identity;
  return {
    ...spec,
    holderIdentity: identity,
    leaseDurationSeconds: seconds,
    renewTime: microTime(wallMs),
    acquireTime: same && spec.acquireTime ? spec.acquireTime : microTime(wallMs),
    leaseTransitions: (spec.leaseTransitions ?? 0) + (same || previous === undefined ? 0 : 1),
  };
}

/** The lease given up: others may take it at once. */
export function releasedLease(previous: Lease, wallMs: number): Lease['spec'] {
  return {
    ...previous.spec,
    holderIdentity: '',
    leaseDurationSeconds: 1,
    renewTime: microTime(wallMs),
    acquireTime: microTime(wallMs),
  };
}
