import { TransportError } from '@flagrelay/kube/api-error';
import type { Clock } from '@flagrelay/kube/clock';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { collectionPath, queryString } from './paths.ts';
import { type Call, describe, type Transport } from './rest-transport.ts';
import type { WatchEvent, WatchOptions } from './rest-types.ts';
import { parseWatchEvent, readLines } from './watch-stream.ts';

/** Opens one watch and answers its events; see RestClient.watch. Its connection is given back however the caller leaves. */
export async function* watchEvents<T extends KubernetesObject>(
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
