import { setImmediate } from 'node:timers/promises';
import { FencedError, isExpired, isNotFound, TransportError } from '@flagrelay/kube/api-error';
import { type Clock, systemClock } from '@flagrelay/kube/clock';
import type { PooledKubeConfig } from './kube-config.ts';
import { type Page, readPages } from './list-pages.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { apiVersionOf, type KubernetesObject, type ObjectRef, type ResourceType } from './objects.ts';
import { collectionPath, groupPath, objectPath, queryString } from './paths.ts';
import { type Call, createTransport, describe, type Transport } from './rest-transport.ts';
import type { CallOptions, ListOptions, RestClient, SubresourceOption } from './rest-types.ts';
import type { Throttle } from './throttle.ts';
import { watchEvents } from './watch-call.ts';

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
  /** Limits calls over time; a client that renews a Lease must not have one. Absent: the API server's own fairness decides. */
  readonly throttle?: Throttle | undefined;
  readonly clock?: Clock | undefined;
  /** From 0 to below 1; spreads retries. */
  readonly random?: (() => number) | undefined;
}

/** Deadline of a call unless told otherwise, in ms. */
const DEFAULT_DEADLINE_MS = 30_000;
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
  const read = async <T>(verb: string, path: string, options: CallOptions | undefined): Promise<T> => {
    const call: Call = { method: 'GET', verb, path, ...common(options) };
    return parseObject<T>(await transport.send(call), call);
  };
  const write = async <T>(call: Call): Promise<T> => {
    const { fence } = parts;
    if (!fence) return parseObject<T>(await transport.send(call), call);
    if (!fence.mayWrite()) {
      // A caller that tries again at once must not keep the timers from firing that end its process.
      await setImmediate();
      throw new FencedError(`${describe(call)}: the lease is no longer held: write refused`);
    }
    const deadlineMs = Math.min(call.deadlineMs, fence.budgetMs());
    return parseObject<T>(await transport.send({ ...call, deadlineMs, mayWrite: fence.mayWrite }), call);
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
      return read<T>('get', objectPath(type, ref, call?.subresource), call);
    },

    async list<T extends KubernetesObject>(type: ResourceType<T>, list: ListOptions = {}) {
      try {
        return await readPages<T>(type, list, (path) => read<Page<T>>('list', path, list));
      } catch (error) {
        if (!isExpired(error)) throw error;
        return readPages<T>(type, list, (path) => read<Page<T>>('list', path, list));
      }
    },

    async create(type, object, call) {
      const target = call?.subresource
        ? objectPath(type, refOf(object), call.subresource)
        : collectionPath(type, object.metadata?.namespace);
      const path = `${target}${queryString(writeQuery(call))}`;
      const body = JSON.stringify(withType(type, object, call));
      return write({ method: 'POST', verb: 'create', path, body, contentType: JSON_TYPE, ...common(call) });
    },

    async replace(type, object, call) {
      const path = `${objectPath(type, refOf(object), call?.subresource)}${queryString(writeQuery(call))}`;
      const body = JSON.stringify(withType(type, object, call));
      return write({ method: 'PUT', verb: 'replace', path, body, contentType: JSON_TYPE, ...common(call) });
    },

    async apply(type, object, call) {
      const query = queryString({ ...writeQuery(call), force: call?.force });
      const path = `${objectPath(type, refOf(object), call?.subresource)}${query}`;
      const body = JSON.stringify(withType(type, object, call)); // JSON is YAML
      const contentType = 'application/apply-patch+yaml';
      return write({ method: 'PATCH', verb: 'apply', path, body, contentType, ...common(call) });
    },

    async patch(type, ref, patch, call) {
      const path = `${objectPath(type, ref, call?.subresource)}${queryString(writeQuery(call))}`;
      const body = JSON.stringify(patch.type === 'json' ? patch.operations : patch.body);
      const contentType = `application/${patch.type === 'json' ? 'json-patch' : 'merge-patch'}+json`;
      return write({ method: 'PATCH', verb: 'patch', path, body, contentType, ...common(call) });
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
        const list = await read<{ resources?: { name: string; kind: string }[] }>('get', groupPath(type), call);
        return list.resources?.some(({ name, kind }) => name === type.plural && kind === type.kind) ?? false;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },

    getText: (path, call) => transport.send({ method: 'GET', verb: 'get', path, ...common(call) }),

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

/** The body of an answer. Throws TransportError `protocol`, without quoting it, when it is not a JSON object. */
function parseObject<T>(text: string, call: Call): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TransportError('protocol', describe(call), 'the answer is not JSON', error);
  }
  if (typeof value !== 'object' || value === null) {
    throw new TransportError('protocol', describe(call), 'the answer is not an object');
  }
  return value as T;
}
