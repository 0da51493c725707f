import { createFakeLeases } from '@flagrelay/kube/testing/fake-leases';
import type { LeaderElectorOptions } from '../leader-election.ts';

/** The Lease of kube's tests, with the part of the REST client that a leader elector uses. */
export function createFakeLeaseClient() {
  const leases = createFakeLeases();
  const { read, create, replace } = leases.transport;
  const client = {
    get: () => read(),
    create: (_type: unknown, lease: Parameters<typeof create>[0]) => create(lease),
    replace: (_type: unknown, lease: Parameters<typeof replace>[0]) => replace(lease),
  } as unknown as LeaderElectorOptions['client'];
  return { leases, client };
}
