import type { RelayProxyStatus } from '@flagrelay/crds';
import { isNotFound } from '../runtime/apiError.ts';
import type { RestClient } from '../runtime/restTypes.ts';
import { hashOf } from './hash.ts';
import { type RawRelayProxy, types } from './kubernetesTypes.ts';
import { fieldManager } from './names.ts';
import type { OperatorStatus } from './status.ts';

/** Writes the operator's part of the status, and only when it differs. */
export interface StatusWriter {
  /** The status in force: the cached one or, while the cache lags behind it, the one that was written last. */
  current(raw: RawRelayProxy): RelayProxyStatus;
  /** Applies the status when it differs; true when it was written. Throws what the client throws. */
  write(raw: RawRelayProxy, status: OperatorStatus, signal: AbortSignal): Promise<boolean>;
  forget(uid: string): void;
}

interface Written {
  readonly resourceVersion: string;
  readonly status: OperatorStatus;
}

/** Makes a {@link StatusWriter}. */
export function createStatusWriter(client: RestClient): StatusWriter {
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
      if (hashOf(canonical(own)) === hashOf(canonical(status))) return false;
      const { name = '', namespace, uid = '' } = raw.metadata ?? {};
      const object: RawRelayProxy = { metadata: { name, ...(namespace && { namespace }) }, status };
      try {
        const options = { subresource: 'status', fieldManager, force: true, signal };
        const stored = await client.apply(types.relayProxy, object, options);
        written.set(uid, { resourceVersion: stored.metadata?.resourceVersion ?? '', status });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false; // deleted meanwhile
        throw error;
      }
    },
    forget: (uid) => void written.delete(uid),
  };
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
