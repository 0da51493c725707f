import { isForbidden } from '@flagrelay/kube/api-error';
import { createBackoff } from '@flagrelay/kube/backoff';
import { type Clock, sleep, systemClock } from '@flagrelay/kube/clock';
import type { Logger } from './logger.ts';
import { apiVersionOf, type ResourceType } from './objects.ts';
import type { RestClient } from './rest-types.ts';

/** Options of the discovery; times in ms. */
export interface KindDiscoveryOptions {
  readonly client: Pick<RestClient, 'serves'>;
  /** The kinds that a cluster may have or not. */
  readonly types: readonly ResourceType[];
  /** Between two looks, give or take a tenth. Default 15 000. */
  readonly periodMs?: number | undefined;
  readonly logger: Logger;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

/** Knows which kinds of others, such as those of the Prometheus Operator, the cluster has at the moment. */
export interface KindDiscovery {
  /** Whether the cluster has the kind; undefined before the first answer. */
  serves(type: ResourceType): boolean | undefined;
  /** Calls the handler when a kind comes or goes, and when it is first known; answers how to stop that. */
  onChange(handler: (type: ResourceType) => void): () => void;
  /** Looks until the signal aborts. Never rejects: a look that fails changes nothing and is repeated with backoff. */
  run(signal: AbortSignal): Promise<void>;
}

/** Share of the period by which looks are spread, so that replicas do not ask together. */
const JITTER = 0.2;

/**
 * Asks the API server's discovery again and again. Watching CRDs would be quicker but needs a ClusterRole; discovery is
 * open to every authenticated user. Where it is closed to us (403), the kinds count as not installed.
 */
export function createKindDiscovery(options: KindDiscoveryOptions): KindDiscovery {
  const { client, types, periodMs = 15_000, logger, clock = systemClock, random = Math.random } = options;
  const known = new Map<ResourceType, boolean>();
  const handlers = new Set<(type: ResourceType) => void>();
  const backoff = createBackoff({
    baseMs: 1000,
    maxMs: 30_000,
    resetAfterMs: 120_000,
    jitter: 1,
    now: clock.now,
    random,
  });

  async function ask(type: ResourceType, signal: AbortSignal): Promise<boolean> {
    try {
      return await client.serves(type, { signal });
    } catch (error) {
      if (!isForbidden(error)) throw error;
      if (known.get(type) !== false) logger.warn('May not ask for a kind, takes it for not installed', { error });
      return false;
    }
  }

  async function look(signal: AbortSignal): Promise<void> {
    for (const type of types) {
      const served = await ask(type, signal);
      const before = known.get(type);
      if (before === served) continue;
      known.set(type, served);
      const fields = { kind: type.kind, apiVersion: apiVersionOf(type) };
      if (before !== undefined) logger.info(served ? 'Kind was installed' : 'Kind was removed', fields);
      for (const handler of handlers) handler(type);
    }
  }

  return {
    serves: (type) => known.get(type),
    onChange(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    async run(signal) {
      while (!signal.aborted) {
        let delayMs = periodMs * (1 + JITTER * (random() - 0.5));
        try {
          await look(signal);
        } catch (error) {
          if (signal.aborted) return;
          delayMs = backoff.next();
          logger.warn('Discovery failed, is retried', { error, delayMs: Math.round(delayMs) });
        }
        await sleep(delayMs, signal, clock);
        backoff.opened();
      }
    },
  };
}
