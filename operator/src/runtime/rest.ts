import { isExpired, isNotFound, TransportError } from './apiError.ts';
import { type Clock, systemClock } from './clock.ts';
import type { PooledKubeConfig } from './kubeConfig.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { apiVersionOf, type KubernetesObject, type ObjectRef, type ResourceType } from './objects.ts';
import { collectionPath, groupPath, objectPath, queryString } from './paths.ts';
import { type Call, createTransport, describe, type Transport } from './restTransport.ts';
import type {
  CallOptions,
  ListOptions,
  ObjectList,
  RestClient,
  SubresourceOption,
  WatchEvent,
  WatchOptions,
} from './restTypes.ts';
import { parseWatchEvent, readLines } from './watchStream.ts';

/** Options of the REST client. */
export interface RestClientOptions {
  readonly kubeConfig: PooledKubeConfig;
  /** Owner of the fields that this process writes. */
  readonly fieldManager: string;
  /** Sent as User-Agent. Default: the field manager. */
  readonly userAgent?: string | undefined;
  /** Default deadline of a call, in ms. Default 30 000. */
  readonly deadlineMs?: number | undefined;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  readonly clock?: Clock | undefined;
  /** From 0 to below 1; spreads retries. */
  readonly random?: (() => number) | undefined;
}

/** Deadline of a call unless told otherwise, in ms. */
const DEFAULT_DEADLINE_MS = 30_000;
/** Objects in a page of a list. */
const DEFAULT_PAGE_SIZE = 500;
const JSON_TYPE = 'application/json';

/** A client for any kind; see RestClient. Its connections belong to the KubeConfig, which its owner closes. */
export function createRestClient(options: RestClientOptions): RestClient {
  const { fieldManager, clock = systemClock, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  const transport = createTransport({ ...options, userAgent: options.userAgent ?? fieldManager });
  return clientOver({ transport, fieldManager, clock, deadlineMs, fence: undefined });
}

interface Parts {
  readonly transport: Transport;
  readonly fieldManager: string;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly fence: { mayWrite(): boolean; budgetMs(): number } | undefined;
}

function clientOver(parts: Parts): RestClient {
  const { transport, clock } = parts;
  const common = (call: CallOptions | undefined) => ({
    signal: call?.signal,
    deadlineMs: call?.deadlineMs ?? parts.deadlineMs,
  });
  const read = (verb: string, path: string, call: CallOptions | undefined) =>
    transport.send({ method: 'GET', verb, path, ...common(call) });
  const write = async (call: Call) => {
    const { fence } = parts;
    if (!fence) return transport.send(call);
    const deadlineMs = Math.min(call.deadlineMs, fence.budgetMs());
    return transport.send({ ...call, deadlineMs, mayWrite: fence.mayWrite });
  };
  const writeQuery = (write: { fieldManager?: string | undefined; dryRun?: boolean | undefined } = {}) => ({
    fieldManager: write.fieldManager ?? parts.fieldManager,
    fieldValidation: 'Strict',
    dryRun: write.dryRun ? 'All' : undefined,
  });

  return {
    async get<T extends KubernetesObject>(
      type: ResourceType<T>,
      ref: ObjectRef,
      call?: CallOptions & { subresource?: string },
    ) {
      return parseObject<T>(await read('get', objectPath(type, ref, call?.subresource), call));
    },

    async list<T extends KubernetesObject>(type: ResourceType<T>, list: ListOptions = {}) {
      try {
        return await readPages<T>(type, list, (path) => read('list', path, list));
      } catch (error) {
        if (!isExpired(error)) throw error;
        return readPages<T>(type, list, (path) => read('list', path, list));
      }
    },

    async create(type, object, call) {
      const target = call?.subresource
        ? objectPath(type, refOf(object), call.subresource)
        : collectionPath(type, object.metadata?.namespace);
      const path = `${target}${queryString(writeQuery(call))}`;
      const body = JSON.stringify(withType(type, object, call));
      return parseObject(
        await write({ method: 'POST', verb: 'create', path, body, contentType: JSON_TYPE, ...common(call) }),
      );
    },

    async replace(type, object, call) {
      const path = `${objectPath(type, refOf(object), call?.subresource)}${queryString(writeQuery(call))}`;
      const body = JSON.stringify(withType(type, object, call));
      return parseObject(
        await write({ method: 'PUT', verb: 'replace', path, body, contentType: JSON_TYPE, ...common(call) }),
      );
    },

    async apply(type, object, call) {
      const query = queryString({ ...writeQuery(call), force: call?.force });
      const path = `${objectPath(type, refOf(object), call?.subresource)}${query}`;
      const body = JSON.stringify(withType(type, object, call)); // JSON is YAML
      const contentType = 'application/apply-patch+yaml';
      return parseObject(await write({ method: 'PATCH', verb: 'apply', path, body, contentType, ...common(call) }));
    },

    async patch(type, ref, patch, call) {
      const path = `${objectPath(type, ref, call?.subresource)}${queryString(writeQuery(call))}`;
      const body = JSON.stringify(patch.type === 'json' ? patch.operations : patch.body);
      const contentType = `application/${patch.type === 'json' ? 'json-patch' : 'merge-patch'}+json`;
      return parseObject(await write({ method: 'PATCH', verb: 'patch', path, body, contentType, ...common(call) }));
    },

    async delete(type, ref, call) {
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: call?.propagationPolicy ?? 'Background',
        preconditions: call?.preconditions,
        gracePeriodSeconds: call?.gracePeriodSeconds,
      });
      const path = objectPath(type, ref);
      try {
        await write({ method: 'DELETE', verb: 'delete', path, body, contentType: JSON_TYPE, ...common(call) });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },

    watch: (type, watch) => watchEvents(transport, clock, parts.deadlineMs, type, watch),

    async serves(type, call) {
      try {
        const list = parseObject<{ resources?: { name: string; kind: string }[] }>(
          await read('get', groupPath(type), call),
        );
        return list.resources?.some(({ name, kind }) => name === type.plural && kind === type.kind) ?? false;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },

    getText: (path, call) => read('get', path, call),

    fenced(mayWrite, budgetMs = () => Number.POSITIVE_INFINITY) {
      return clientOver({ ...parts, fence: { mayWrite, budgetMs } });
    },
  };
}

/** The object with its apiVersion and kind; those of a subresource may be its own, as with Scale, Eviction and TokenRequest. */
function withType<T extends KubernetesObject>(type: ResourceType<T>, object: T, call?: SubresourceOption): T {
  if (call?.subresource && object.apiVersion && object.kind) return object;
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind };
}

function refOf(object: KubernetesObject): ObjectRef {
  const { name, namespace } = object.metadata ?? {};
  if (!name) throw new RangeError('metadata.name must be set');
  return { name, namespace };
}

function parseObject<T>(text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TransportError('protocol', 'API server', 'the answer is not JSON', error);
  }
  if (typeof value !== 'object' || value === null) {
    throw new TransportError('protocol', 'API server', 'the answer is not an object');
  }
  return value as T;
}

interface Page<T> {
  readonly items?: T[] | null;
  readonly metadata?: { resourceVersion?: string; continue?: string };
}

async function readPages<T extends KubernetesObject>(
  type: ResourceType<T>,
  list: ListOptions,
  read: (path: string) => Promise<string>,
): Promise<ObjectList<T>> {
  const items: T[] = [];
  let token: string | undefined;
  for (;;) {
    const query = queryString({
      labelSelector: list.labelSelector,
      fieldSelector: list.fieldSelector,
      limit: list.pageSize ?? DEFAULT_PAGE_SIZE,
      continue: token,
      resourceVersion: token === undefined ? list.resourceVersion : undefined,
    });
    const page = parseObject<Page<T>>(await read(`${collectionPath(type, list.namespace)}${query}`));
    for (const item of page.items ?? []) items.push(withType(type, item)); // items of a list come without their type
    token = page.metadata?.continue || undefined;
    if (token === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }
}

async function* watchEvents<T extends KubernetesObject>(
  transport: Transport,
  clock: Clock,
  deadlineMs: number,
  type: ResourceType<T>,
  watch: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const path = `${collectionPath(type, watch.namespace)}${queryString({
    watch: true,
    allowWatchBookmarks: true,
    labelSelector: watch.labelSelector,
    fieldSelector: watch.fieldSelector,
    resourceVersion: watch.resourceVersion,
    timeoutSeconds: watch.timeoutSeconds,
    sendInitialEvents: watch.sendInitialEvents,
    resourceVersionMatch: watch.sendInitialEvents ? 'NotOlderThan' : undefined,
  })}`;
  // One controller for both causes: AbortSignal.any on a signal that lives as long as the process would gather listeners.
  const end = new AbortController();
  let silent = false;
  const onAbort = () => end.abort(watch.signal.reason);
  if (watch.signal.aborted) onAbort();
  else watch.signal.addEventListener('abort', onAbort, { once: true });
  const call: Call = { method: 'GET', verb: 'watch', path, signal: end.signal, deadlineMs };
  const request = describe(call);
  const arm = () =>
    clock.after(watch.inactivityMs, () => {
      silent = true;
      end.abort();
    });
  const { body, suspect } = await transport.open(call).catch((error: unknown) => {
    watch.signal.removeEventListener('abort', onAbort);
    throw error;
  });
  let timer = arm();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      timer.cancel();
      timer = arm();
      yield chunk;
    }
  }
  try {
    for await (const line of readLines(chunks(), request)) yield parseWatchEvent<T>(line, request);
  } catch (error) {
    if (silent) {
      suspect();
      throw new TransportError('deadline', request, `the watch was silent for ${watch.inactivityMs} ms`, error);
    }
    if (watch.signal.aborted) throw new TransportError('aborted', request, 'aborted by the caller', error);
    if (error instanceof Error && error.name !== 'ApiError' && error.name !== 'TransportError') {
      throw new TransportError('connection', request, error.message, error);
    }
    throw error;
  } finally {
    timer.cancel();
    watch.signal.removeEventListener('abort', onAbort);
    body.destroy();
  }
}
