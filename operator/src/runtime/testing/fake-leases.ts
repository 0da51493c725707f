import { ApiError } from '../api-error.ts';
import type { Lease } from '../lease.ts';
import type { KubernetesObject, ObjectRef, ResourceType } from '../objects.ts';

/** One Lease behind optimistic concurrency, as the API server keeps it, shared by several electors of a test. */
export function createFakeLeases() {
  let stored: Lease | undefined;
  let version = 0;
  let outage: unknown;
  let hold: Promise<void> | undefined;

  const refuse = (code: number, reason: string) => new ApiError({ code, reason, message: reason, request: 'test' });
  async function reach(): Promise<void> {
    if (hold) await hold;
    if (outage) throw outage;
  }
  function save(lease: Lease): Lease {
    version += 1;
    stored = structuredClone({ ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } });
    return structuredClone(stored);
  }

  return {
    get holder() {
      return stored?.spec?.holderIdentity;
    },
    get lease() {
      return stored;
    },
    /** Every call fails with this from now on; undefined ends that. */
    fail(error: unknown) {
      outage = error;
    },
    /** Every call hangs until the answer is called. */
    hang(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return () => {
        hold = undefined;
        resolve();
      };
    },
    delete() {
      stored = undefined;
    },
    client: {
      async get<T extends KubernetesObject>(_type: ResourceType<T>, _ref: ObjectRef): Promise<T> {
        await reach();
        if (!stored) throw refuse(404, 'NotFound');
        return structuredClone(stored) as unknown as T;
      },
      async create<T extends KubernetesObject>(_type: ResourceType<T>, lease: T): Promise<T> {
        await reach();
        if (stored) throw refuse(409, 'AlreadyExists');
        return save(lease as Lease) as unknown as T;
      },
      async replace<T extends KubernetesObject>(_type: ResourceType<T>, lease: T): Promise<T> {
        await reach();
        if (!stored) throw refuse(404, 'NotFound');
        const asked = lease.metadata?.resourceVersion;
        if (asked !== stored.metadata?.resourceVersion) throw refuse(409, 'Conflict');
        return save(lease as Lease) as unknown as T;
      },
    },
  };
}
