import { createInformer, type InformerOptions } from './informer.ts';
import type { KindDiscovery } from './kind-discovery.ts';
import type { KubernetesObject } from './objects.ts';
import { ObjectStore } from './store.ts';
import type { Change, Informer, Store } from './store-types.ts';

/** Options of an informer of a kind that the cluster may not have. */
export interface OptionalInformerOptions<T extends KubernetesObject> extends InformerOptions<T> {
  readonly discovery: Pick<KindDiscovery, 'serves' | 'onChange'>;
  /** Called each time the cache is filled after the kind came: what happened before that, nobody was told. */
  readonly onFilled?: (() => void) | undefined;
}

/**
 * An informer that lists and watches only while the cluster has the kind, and is empty otherwise; when the kind goes, all
 * of its objects are told as deleted. It counts as synced once it is known whether the kind is there: what is optional
 * must not keep a process from starting, and who misses an object in the cache asks the API server.
 */
export function createOptionalInformer<T extends KubernetesObject>(options: OptionalInformerOptions<T>): Informer<T> {
  const { type, discovery, logger, metrics } = options;
  const labels = { group: type.group, kind: type.kind };
  const empty = new ObjectStore<T>(options.indexes);
  const handlers = new Set<(change: Change<T>) => void>();
  let current: Store<T> = empty;

  function emit(change: Change<T>): void {
    for (const handler of handlers) {
      try {
        handler(change);
      } catch (error) {
        logger.error('Change handler failed', { ...labels, change: change.type, error });
      }
    }
  }

  /** Starts the informer inside; answers how to end it. */
  function start(): () => Promise<void> {
    const inner = createInformer<T>(options);
    const stop = new AbortController();
    const unsubscribe = inner.onChange(emit);
    const done = inner.run(stop.signal);
    current = inner.store;
    inner.waitForSync(stop.signal).then(
      () => options.onFilled?.(),
      () => undefined, // it was ended before it was filled
    );
    return async () => {
      unsubscribe();
      stop.abort();
      current = empty;
      metrics.reflector.objects.set(labels, 0);
      for (const object of inner.store.list()) emit({ type: 'deleted', object, initial: false });
      await done;
    };
  }

  return {
    type,
    store: {
      get: (ref) => current.get(ref),
      getByKey: (key) => current.getByKey(key),
      list: (namespace) => current.list(namespace),
      byIndex: (index, value) => current.byIndex(index, value),
      get size() {
        return current.size;
      },
    },
    hasSynced: () => discovery.serves(type) !== undefined,
    waitForSync: (signal) => firstAnswer(options, signal),
    onChange(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    async run(signal) {
      let end: (() => Promise<void>) | undefined;
      let ended: Promise<unknown> = Promise.resolve();
      const follow = () => {
        const wanted = discovery.serves(type) === true && !signal.aborted;
        if (wanted) end ??= start();
        else if (end !== undefined) {
          ended = Promise.all([ended, end()]);
          end = undefined;
        }
      };
      const unsubscribe = discovery.onChange(follow);
      follow();
      await aborted(signal);
      unsubscribe();
      follow();
      await ended;
    },
  };
}

/** Resolves once it is known whether the kind is there; rejects with the signal's reason when that aborts first. */
function firstAnswer<T extends KubernetesObject>(
  { type, discovery }: Pick<OptionalInformerOptions<T>, 'type' | 'discovery'>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      if (discovery.serves(type) === undefined) return;
      end();
      resolve();
    };
    const onAbort = () => {
      end();
      reject(signal.reason);
    };
    const unsubscribe = discovery.onChange(settle);
    const end = () => {
      unsubscribe();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else settle();
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
