import type { ApiServer } from './api-server.ts';

/** A Lease of `coordination.k8s.io/v1`, as far as it is looked at; what else is in it is written back as it was read. */
export interface Lease {
  readonly metadata?: { readonly resourceVersion?: string; readonly [other: string]: unknown };
  readonly spec?: LeaseSpec;
}

/** Who holds a Lease. Times are RFC 3339 with microseconds; they are for people, nobody compares clocks by them. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** Reads and writes one Lease, which the operator has made. */
export interface LeaseClient {
  /** @throws ApiServerError */
  read(timeoutMs: number): Promise<Lease>;
  /** Replaces the Lease if it still is what was read (409 otherwise); resolves to what is stored now. @throws ApiServerError */
  write(lease: Lease, timeoutMs: number): Promise<Lease>;
  close(): Promise<void>;
}

/** A client for the Lease of that name in the pod's namespace. */
export function createLeaseClient(server: ApiServer, namespace: string, name: string): LeaseClient {
  const object = [namespace, 'leases', name].map(encodeURIComponent).join('/');
  const path = `/apis/coordination.k8s.io/v1/namespaces/${object}`;
  return {
    read: async (timeoutMs) => (await (await server.request({ method: 'GET', path, timeoutMs })).json()) as Lease,
    write: async (lease, timeoutMs) => {
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease };
      return (await (await server.request({ method: 'PUT', path, body, timeoutMs })).json()) as Lease;
    },
    close: () => server.close(),
  };
}

/** The Lease as `identity` holds it from `wallMs` (since the epoch) on, for `seconds`. A change of holder is counted. */
export function heldBy(lease: Lease, identity: string, seconds: number, wallMs: number): Lease {
  const { spec = {} } = lease;
  const same = spec.holderIdentity === identity;
  return {
    ...lease,
    spec: {
      ...spec,
      holderIdentity: identity,
      leaseDurationSeconds: seconds,
      renewTime: microTime(wallMs),
      acquireTime: same && spec.acquireTime ? spec.acquireTime : microTime(wallMs),
      leaseTransitions: (spec.leaseTransitions ?? 0) + (same ? 0 : 1),
    },
  };
}

/** The Lease given up: the next one may take it at once. */
export function releasedAt(lease: Lease, wallMs: number): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', renewTime: microTime(wallMs) } };
}

/** The API server wants exactly six digits. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
