import { ApiError, TransportError } from '@flagrelay/kube/api-error';
import { createBackoff } from '@flagrelay/kube/backoff';
import { type Clock, sleep, systemClock } from '@flagrelay/kube/clock';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { type KubernetesObject, objectKey, type ResourceType } from './objects.ts';
import type { RestClient, Selection, WatchEvent } from './rest-types.ts';

/** Where a reflector puts what it learns. */
export interface ReflectorSink<T> {
  /** A whole new state. */
  replace(items: readonly T[]): void;
  /** One added or modified object. */
  upsert(object: T): void;
  remove(object: T): void;
}

/** Times of a reflector; the defaults are those of client-go and kube-rs. */
export interface ReflectorTimings {
  /** The server ends a watch after a random time between these, in seconds. */
  readonly watchSeconds: readonly [min: number, max: number];
  /** A watch without a byte for this long, in ms, is dead: bookmarks come about each minute. */
  readonly inactivityMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Healthy for this long, in ms: the backoff begins again. */
  readonly backoffResetMs: number;
  /** A watch that ends sooner than this, in ms, and without an event counts as failed: it must not loop. */
  readonly shortWatchMs: number;
}

/** Default timings. */
export const reflectorTimings: ReflectorTimings = {
  watchSeconds: [240, 300],
  inactivityMs: 75_000,
  backoffBaseMs: 800,
  backoffMaxMs: 30_000,
  backoffResetMs: 120_000,
  shortWatchMs: 1_000,
};

/** Options of one list-and-watch loop. */
export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: Pick<RestClient, 'list' | 'watch'>;
  readonly type: ResourceType<T>;
  readonly selection: Selection;
  readonly sink: ReflectorSink<T>;
  /** Ask for the state as a stream of events first; a server that answers 422 or 400 gets paged lists instead. */
  readonly streamingList: boolean;
  readonly timings: ReflectorTimings;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

/** Annotation of the bookmark that ends the initial events of a streaming list. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/**
 * Keeps a sink equal to what the API server holds: list, watch, and whatever goes wrong, again. It ends with the signal
 * and never before: reset sockets, 5xx, 410, silence, garbage and refusals are all retried with backoff (upstream
 * informers die of the first three: #1496, #447, #2222). A watch goes on from the last version seen, bookmarks included;
 * only 410 and versions that the server does not know cost a new list. A partial list is never shown.
 */
export async function runReflector<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const { client, type, selection, sink, timings, metrics, clock = systemClock, random = Math.random } = options;
  const labels = { group: type.group, kind: type.kind };
  const logger = options.logger.child({ ...labels, namespace: selection.namespace });
  const backoff = createBackoff({
    baseMs: timings.backoffBaseMs,
    maxMs: timings.backoffMaxMs,
    resetAfterMs: timings.backoffResetMs,
    jitter: 1,
    now: clock.now,
    random,
  });
  let streaming = options.streamingList;
  /** Where the watch goes on; undefined: the state is to be listed. */
  let version: string | undefined;

  async function list(): Promise<void> {
    metrics.reflector.lists.inc({ ...labels, mode: 'paged' });
    const result = await client.list(type, { ...selection, signal });
    sink.replace(result.items);
    version = result.resourceVersion;
  }

  async function watch(): Promise<void> {
    const began = clock.now();
    /** Objects of a streaming list until it is complete; undefined once the state is known. */
    let pending = version === undefined ? new Map<string, T>() : undefined;
    if (pending) metrics.reflector.lists.inc({ ...labels, mode: 'stream' });
    metrics.reflector.watches.inc(labels);
    const [min, max] = timings.watchSeconds;
    const events = client.watch(type, {
      ...selection,
      signal,
      resourceVersion: version,
      timeoutSeconds: Math.round(min + random() * (max - min)),
      sendInitialEvents: pending !== undefined,
      inactivityMs: timings.inactivityMs,
    });
    let count = 0;
    for await (const event of events) {
      count += 1;
      metrics.reflector.events.inc({ ...labels, type: event.type });
      if (pending) {
        if (!collect(pending, event)) continue;
        sink.replace([...pending.values()]);
        pending = undefined;
      } else {
        deliver(sink, event);
      }
      version = event.object.metadata?.resourceVersion ?? version;
    }
    if (pending) throw new TransportError('connection', `watch ${type.plural}`, 'the initial events ended early');
    if (count === 0 && clock.now() - began < timings.shortWatchMs) {
      throw new TransportError('connection', `watch ${type.plural}`, 'the watch ended at once without an event');
    }
  }

  while (!signal.aborted) {
    try {
      if (version === undefined && !streaming) await list();
      await watch();
      metrics.reflector.watchEnds.inc({ ...labels, cause: 'end' });
      logger.debug('Watch ended, goes on', { resourceVersion: version });
    } catch (error) {
      if (signal.aborted) return;
      metrics.reflector.watchEnds.inc({ ...labels, cause: causeOf(error) });
      if (streaming && version === undefined && refusesStream(error)) {
        logger.info('API server has no streaming lists, uses paged ones');
        streaming = false;
        continue;
      }
      if (needsNewList(error)) version = undefined;
      const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      const delayMs = Math.max(asked, backoff.next());
      logger.warn('Watch failed, is retried', { error, relist: version === undefined, delayMs: Math.round(delayMs) });
      await sleep(delayMs, signal, clock);
      backoff.opened();
    }
  }
}

/** Takes one initial event; true when it was the bookmark that ends them. */
function collect<T extends KubernetesObject>(pending: Map<string, T>, event: WatchEvent<T>): boolean {
  const { object } = event;
  if (event.type === 'BOOKMARK') return object.metadata?.annotations?.[INITIAL_EVENTS_END] === 'true';
  if (event.type === 'DELETED') pending.delete(objectKey(object));
  else pending.set(objectKey(object), object);
  return false;
}

function deliver<T extends KubernetesObject>(sink: ReflectorSink<T>, event: WatchEvent<T>): void {
  if (event.type === 'DELETED') sink.remove(event.object);
  else if (event.type !== 'BOOKMARK') sink.upsert(event.object);
}

/** Kubernetes 1.27 to 1.31, and 1.33, answer 422 unless the feature gate WatchList is on; what stands before a server may say 400. */
function refusesStream(error: unknown): boolean {
  return error instanceof ApiError && [400, 422].includes(error.code);
}

/** The version is too old (410), malformed (400) or from a future that a restored etcd does not know (504). */
function needsNewList(error: unknown): boolean {
  return error instanceof ApiError && [400, 410, 504].includes(error.code);
}

function causeOf(error: unknown): string {
  if (error instanceof ApiError) return String(error.code);
  return error instanceof TransportError ? error.kind : 'error';
}
