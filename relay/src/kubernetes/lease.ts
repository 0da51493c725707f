import type { LeaseTransport } from '@flagrelay/kube/elector';
import type { Lease } from '@flagrelay/kube/lease';
import type { ApiServer } from './api-server.ts';

/** Reads and writes one Lease, which the operator has made. */
export interface LeaseClient extends LeaseTransport {
  close(): Promise<void>;
}

/** A client for the Lease of that name in the pod's namespace. */
export function createLeaseClient(server: ApiServer, namespace: string, name: string): LeaseClient {
  const object = [namespace, 'leases', name].map(encodeURIComponent).join('/');
  const path = `/apis/coordination.k8s.io/v1/namespaces/${object}`;
  return {
    read: async ({ deadlineMs }) =>
      (await (await server.request({ method: 'GET', path, timeoutMs: deadlineMs })).json()) as Lease,
    replace: async (lease, { deadlineMs }) => {
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease };
      return (await (await server.request({ method: 'PUT', path, body, timeoutMs: deadlineMs })).json()) as Lease;
    },
    close: () => server.close(),
  };
}
