import type { RelayProxyStatus } from '@flagrelay/crds';
import { isNotFound } from '../runtime/api-error.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RestClient } from '../runtime/rest-types.ts';
import { hashOf } from './resources/hash.ts';
import { type RawRelayProxy, types } from './resources/kubernetes-types.ts';
import { fieldManager } from './resources/names.ts';
import type { OperatorStatus } from './status/status.ts';

/** Writes the operator's part of the status, and only when it differs. */
export interface StatusWriter {
  /** The status in force: the cached one or, while the cache lags behind it, the one that was written last. */
  current(raw: RawRelayProxy): RelayProxyStatus;
  /**
   * Applies the status when it differs. While pods come and go it changes many times a second: what is no news to
   * somebody who waits for Ready is held back for a second. Throws what the client throws.
   */
  write(raw: RawRelayProxy, status: OperatorStatus, signal: AbortSignal): Promise<WriteResult>;
  forget(uid: string): void;
}

/** `waitMs`: nothing was written yet; compute the status again after this time. */
export type WriteResult = 'written' | 'unchanged' | { readonly waitMs: number };

/** Least time between two writes of one status, ms. */
const MIN_INTERVAL_MS = 1000;

interface Written {
  /** Monotonic ms. */
  readonly at: number;
  readonly resourceVersion: string;
  readonly status: OperatorStatus;
}

/** Makes a {@link StatusWriter}; the clock spaces its writes. */
export function createStatusWriter(client: RestClient, clock: Pick<Clock, 'now'>): StatusWriter {
  const written = new Map<string, Written>();

  function current(raw: RawRelayProxy): RelayProxyStatus {
    const last = written.get(raw.metadata?.uid ?? '');
    if (last === undefined || !isOlder(raw.metadata?.resourceVersion, last.resourceVersion)) return raw.status ?? {};
    const { instances } = raw.status ?? {};
    return { ...last.status, ...(instances && { instances }) };
  }

  return {
    current,
    async write(raw, status, signal) {
      const { instances: _pods, ...own } = current(raw);
      if (hashOf(canonical(own)) === hashOf(canonical(status))) return 'unchanged';
      const waitMs = (written.get(raw.metadata?.uid ?? '')?.at ?? -Infinity) + MIN_INTERVAL_MS - clock.now();
      if (waitMs > 0 && !isNews(own, status)) return { waitMs };
      const { name = '', namespace, uid = '' } = raw.metadata ?? {};
      const object: RawRelayProxy = { metadata: { name, ...(namespace && { namespace }) }, status };
      try {
        const options = { subresource: 'status', fieldManager, force: true, signal };
        const stored = await client.apply(types.relayProxy, object, options);
        written.set(uid, { at: clock.now(), resourceVersion: stored.metadata?.resourceVersion ?? '', status });
        return 'written';
      } catch (error) {
        if (isNotFound(error)) return 'unchanged'; // deleted meanwhile
        throw error;
      }
    },
    forget: (uid) => void written.delete(uid),
  };
}

/** True when somebody may be waiting for this change: another generation was acted on, or Ready changed. */
function isNews(before: OperatorStatus, after: OperatorStatus): boolean {
  const ready = ({ conditions = [] }: OperatorStatus) => conditions.find(({ type }) => type === 'Ready')?.status;
  return before.observedGeneration !== after.observedGeneration || ready(before) !== ready(after);
}

/** True when the first version is older; resource versions are decimal numbers that grow. */
function isOlder(version: string | undefined, than: string): boolean {
  if (version === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}

/** The status without what makes no difference: empty lists and the order of lists that are keyed. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => !(Array.isArray(item) && item.length === 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}

function keyOf(item: unknown): string {
  const { name, type } = item as { name?: string; type?: string };
  return name ?? type ?? '';
}
