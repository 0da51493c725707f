import type { Clock } from '@flagrelay/kube/clock';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { type ReflectorSink, type ReflectorTimings, reflectorTimings, runReflector } from './reflector.ts';
import type { RestClient } from './rest-types.ts';
import { ObjectStore } from './store.ts';
import type { Change, IndexFunction, Informer } from './store-types.ts';

/** Options of an informer. */
export interface InformerOptions<T extends KubernetesObject> {
  readonly client: Pick<RestClient, 'list' | 'watch'>;
  readonly type: ResourceType<T>;
  /** Namespaces to watch, one watch each; undefined: all, through one cluster-wide watch. */
  readonly namespaces?: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Changes an object before it is stored, for example to drop what nobody reads. Must keep `metadata`. */
  readonly transform?: ((object: T) => T) | undefined;
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>> | undefined;
  /** Keeps metadata.managedFields. Default false: they are often larger than the object. */
  readonly keepManagedFields?: boolean | undefined;
  /** Asks for the state as a stream, falling back to paged lists where the server refuses that. Default true. */
  readonly streamingList?: boolean | undefined;
  readonly timings?: Partial<ReflectorTimings> | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * A cache of one kind: a store, a reflector for each watched namespace, and handlers that hear of each change in order.
 * A handler that throws is logged and skipped: it never stops the watch (upstream swallows such errors).
 */
export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const { type, namespaces, transform, logger, metrics } = options;
  const store = new ObjectStore<T>(options.indexes);
  const handlers = new Set<(change: Change<T>) => void>();
  const scopes: readonly (string | undefined)[] = namespaces ? [...new Set(namespaces)] : [undefined];
  const unsynced = new Set(scopes);
  const synced = Promise.withResolvers<void>();
  const labels = { group: type.group, kind: type.kind };
  if (scopes.length === 0) synced.resolve();

  const prepare = (object: T): T => {
    if (!options.keepManagedFields && object.metadata?.managedFields) {
      // A new object, not `delete`: that would leave each cached metadata in V8's slow and large form.
      const { managedFields: _dropped, ...metadata } = object.metadata;
      object.metadata = metadata;
    }
    return transform ? transform(object) : object;
  };

  function emit(changes: readonly Change<T>[]): void {
    metrics.reflector.objects.set(labels, store.size);
    for (const change of changes) {
      for (const handler of handlers) {
        try {
          handler(change);
        } catch (error) {
          logger.error('Change handler failed', { ...labels, change: change.type, error });
        }
      }
    }
  }

  const sinkFor = (namespace: string | undefined): ReflectorSink<T> => ({
    replace(items) {
      const initial = unsynced.has(namespace);
      const changes = store.replace(items.map(prepare), namespace, initial);
      unsynced.delete(namespace);
      emit(changes);
      if (initial) logger.info('Cache filled', { ...labels, namespace, objects: items.length });
      if (unsynced.size === 0) synced.resolve();
    },
    upsert(object) {
      const change = store.upsert(prepare(object));
      if (change) emit([change]);
    },
    remove(object) {
      const change = store.remove(prepare(object));
      if (change) emit([change]);
    },
  });

  return {
    type,
    store,
    hasSynced: () => unsynced.size === 0,
    waitForSync: (signal) => orAbort(synced.promise, signal),
    onChange(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    async run(signal) {
      const { client, labelSelector, fieldSelector, streamingList = true, clock, random } = options;
      const timings = { ...reflectorTimings, ...options.timings };
      const common = { client, type, streamingList, timings, logger, metrics, clock, random };
      const loops = scopes.map((namespace) =>
        runReflector(
          { ...common, selection: { namespace, labelSelector, fieldSelector }, sink: sinkFor(namespace) },
          signal,
        ),
      );
      await Promise.all(loops);
    },
  };
}

/** The promise, or a rejection with the signal's reason when that aborts first. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
