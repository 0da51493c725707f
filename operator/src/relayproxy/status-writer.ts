import type { RelayProxyStatus } from '@flagrelay/crds';
import { isNotFound } from '@flagrelay/kube/api-error';
import type { Clock } from '@flagrelay/kube/clock';
import { isOlder } from '../runtime/resource-version.ts';
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
   * somebody who waits for Ready is held back, for two seconds at first and for longer while it goes on. So is the first
   * status of an object of which there is nothing to tell but that work on it has begun. Throws what the client throws.
   */
  write(raw: RawRelayProxy, status: OperatorStatus, signal: AbortSignal): Promise<WriteResult>;
  forget(uid: string): void;
}

/** `waitMs`: nothing was written yet; compute the status again after this time. */
export type WriteResult = 'written' | 'unchanged' | { readonly waitMs: number };

/** Least time between two writes of one status, ms: at first, and at most after many writes without news. */
const MIN_INTERVAL_MS = 2000;
const MAX_INTERVAL_MS = 8000;
/** After this time without a write the least time counts again, ms. */
const CALM_MS = 60_000;

interface Written {
  /** Monotonic ms. */
  readonly at: number;
  /** No write without news before this long after `at`, ms. */
  readonly intervalMs: number;
  readonly resourceVersion: string;
  readonly status: OperatorStatus;
}

/** Makes a {@link StatusWriter}; the clock spaces its writes. */
export function createStatusWriter(client: RestClient, clock: Pick<Clock, 'now'>): StatusWriter {
  const written = new Map<string, Written>();
  /** When an object without a status was first looked at, monotonic ms. */
  const begun = new Map<string, number>();

  function current(raw: RawRelayProxy): RelayProxyStatus {
    const last = written.get(raw.metadata?.uid ?? '');
    if (last === undefined || !isOlder(raw.metadata?.resourceVersion, last.resourceVersion)) return raw.status ?? {};
    const { instances } = raw.status ?? {};
    return { ...last.status, ...(instances && { instances }) };
  }

  /** The earliest time for a status without news, monotonic ms. */
  function notBefore(uid: string, own: OperatorStatus): number {
    const last = written.get(uid);
    if (last !== undefined) return last.at + last.intervalMs;
    if (own.observedGeneration !== undefined) return Number.NEGATIVE_INFINITY;
    const since = begun.get(uid) ?? clock.now();
    begun.set(uid, since);
    return since + MIN_INTERVAL_MS;
  }

  return {
    current,
    async write(raw, status, signal) {
      const { instances: _pods, operator: _claim, ...own } = current(raw);
      if (hashOf(canonical(own)) === hashOf(canonical(status))) return 'unchanged';
      const { name = '', namespace, uid = '' } = raw.metadata ?? {};
      const news = isNews(own, status);
      const waitMs = news ? 0 : notBefore(uid, own) - clock.now();
      if (waitMs > 0) return { waitMs };
      const object: RawRelayProxy = { metadata: { name, ...(namespace && { namespace }) }, status };
      try {
        const options = { subresource: 'status', fieldManager, force: true, signal };
        const stored = await client.apply(types.relayProxy, object, options);
        const at = clock.now();
        const intervalMs = news ? MIN_INTERVAL_MS : intervalAfter(written.get(uid), at);
        written.set(uid, { at, intervalMs, resourceVersion: stored.metadata?.resourceVersion ?? '', status });
        begun.delete(uid);
        return 'written';
      } catch (error) {
        if (isNotFound(error)) return 'unchanged'; // deleted meanwhile
        throw error;
      }
    },
    forget(uid) {
      written.delete(uid);
      begun.delete(uid);
    },
  };
}

/** Rollouts that take long are reported less and less often. */
function intervalAfter(last: Written | undefined, now: number): number {
  if (last === undefined || now - last.at > CALM_MS) return MIN_INTERVAL_MS;
  return Math.min(last.intervalMs * 2, MAX_INTERVAL_MS);
}

/**
 * True when somebody may be waiting for this change: another generation was acted on, or Ready changed. Of an object
 * without a status it is news that it is Ready, and what is in the way of being so.
 */
function isNews(before: OperatorStatus, after: OperatorStatus): boolean {
  const statusOf = ({ conditions = [] }: OperatorStatus, wanted: string) =>
    conditions.find(({ type }) => type === wanted)?.status;
  if (before.observedGeneration === undefined) {
    const refused = ['Reconciled', 'ReferencesResolved'].some((type) => statusOf(after, type) === 'False');
    return refused || statusOf(after, 'Ready') === 'True';
  }
  return (
    before.observedGeneration !== after.observedGeneration || statusOf(before, 'Ready') !== statusOf(after, 'Ready')
  );
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
