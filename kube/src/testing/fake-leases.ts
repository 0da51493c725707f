import { ApiError, TransportError } from '../api-error.ts';
import type { LeaseTransport } from '../elector.ts';
import type { Lease } from '../lease.ts';

/** One Lease behind optimistic concurrency, as the API server keeps it, shared by several electors of a test. */
export function createFakeLeases() {
  let stored: Lease | undefined;
  let version = 0;
  let outage: unknown;
  let hold: Promise<void> | undefined;
  let answersLost = false;
  let conflicts = 0;

  const refuse = (code: number, reason: string) => new ApiError({ code, reason, message: reason, request: 'test' });
  async function reach(): Promise<void> {
    if (hold) await hold;
    if (outage) throw outage;
  }
  function save(lease: Lease): Lease {
    version += 1;
    stored = structuredClone({ ...lease, metadata: { ...lease.metadata, resourceVersion: String(version) } });
    if (answersLost) throw new TransportError('connection', 'test', 'the answer was lost');
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
    /** Writes are carried out and their answers lost, from now on or no longer. */
    loseAnswers(lost: boolean) {
      answersLost = lost;
    },
    /** Writes that were refused as they were of an older version. */
    get conflicts() {
      return conflicts;
    },
    delete() {
      stored = undefined;
    },
    transport: {
      async read(): Promise<Lease> {
        await reach();
        if (!stored) throw refuse(404, 'NotFound');
        return structuredClone(stored);
      },
      async create(lease: Lease): Promise<Lease> {
        await reach();
        if (stored) throw refuse(409, 'AlreadyExists');
        return save(lease);
      },
      async replace(lease: Lease): Promise<Lease> {
        await reach();
        if (!stored) throw refuse(404, 'NotFound');
        if (lease.metadata?.resourceVersion !== stored.metadata?.resourceVersion) {
          conflicts += 1;
          throw refuse(409, 'Conflict');
        }
        return save(lease);
      },
    } satisfies LeaseTransport,
  };
}
