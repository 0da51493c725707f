import type { IncomingMessage, ServerResponse } from 'node:http';
import { cacheStores, type Dispatcher, interceptors, request } from 'undici';
import type { RelayConfig } from '../../../config/document.ts';
import { RETRY_LATER } from '../../../http/context-bodies.ts';
import { sendEmpty, sendJson, sendText } from '../../../http/reply.ts';
import { joinUrl } from '../events/endpoint.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** Dependencies of the goals endpoint. */
export interface GoalsDeps {
  readonly config: Pick<RelayConfig, 'upstream' | 'offline'>;
  readonly dispatcher: Dispatcher;
  /** A request was turned away because too many wait for upstream. */
  shed(): void;
}

/** Bounds of the cache of answers: bytes in all, bytes of one, and how many. */
const CACHE = { maxSize: 16 * 1024 * 1024, maxEntrySize: 1024 * 1024, maxCount: 1000 };
/** Upstream has this long, in ms. */
const TIMEOUT_MS = 10_000;
/** A larger list of goals is not passed on, in bytes. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Headers of an answer that belong to the connection, or that the relay sets itself. */
const NOT_PASSED = new Set([
  'connection',
  'x-ld-envid',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
]);

/**
 * The proxy for `/sdk/goals/{env}` (contract 1.9), with a bounded cache that honours `Cache-Control` and `ETag`. In offline
 * mode nothing is asked of upstream: there are no goals then (ld-relay asks all the same).
 */
export function createGoalsHandler({ config, dispatcher, shed }: GoalsDeps): EnvironmentHandler {
  // With queries of its own choice, a client could have the relay send any number. What is in the cache does not count.
  const uncached = dispatcher.compose(atMost(config.upstream.maxGoalsRequests));
  const cached = uncached.compose(interceptors.cache({ store: new cacheStores.MemoryCacheStore(CACHE) }));
  return (incoming, response, selected) => {
    if (config.offline !== undefined) {
      sendJson(response, 200, '[]', selected.cors);
      return;
    }
    proxy(config.upstream.clientSideBaseUri, { cached, uncached }, incoming, response, selected).catch(
      (error: unknown) => {
        if (error instanceof BusyError) {
          shed();
          sendText(response, 503, 'too many requests wait for the goals, try again later', [
            ...selected.cors,
            ...RETRY_LATER,
          ]);
          return;
        }
        selected.environment.logger.warn('the goals could not be fetched from upstream', { error: String(error) });
        if (!response.headersSent)
          sendText(response, 502, 'the goals could not be fetched from upstream', selected.cors);
        else response.destroy();
      },
    );
  };
}

/** Too many requests are in progress. */
class BusyError extends Error {}

/** The goals of one environment may have so many times what is left free of the places: three quarters alone. */
const TIMES_FREE = 3;

/**
 * Lets so many requests through at a time, and of those for one environment's goals fewer, so that others find a place;
 * the rest fail with {@link BusyError}.
 */
function atMost(limit: number): Dispatcher.DispatcherComposeInterceptor {
  let running = 0;
  const runningOf = new Map<string, number>();
  return (dispatch) => (options, handler) => {
    const [goals = ''] = options.path.split('?', 1);
    const own = runningOf.get(goals) ?? 0;
    const free = limit - running;
    if (free <= 0 || (own > 0 && own + 1 > TIMES_FREE * (free - 1))) throw new BusyError();
    running += 1;
    runningOf.set(goals, own + 1);
    let done = false;
    const leave = (): void => {
      if (done) return;
      done = true;
      running -= 1;
      const left = runningOf.get(goals)! - 1;
      if (left > 0) runningOf.set(goals, left);
      else runningOf.delete(goals);
    };
    try {
      return dispatch(options, {
        onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
        onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
        onResponseStarted: () => handler.onResponseStarted?.(),
        onResponseStart: (...args) => handler.onResponseStart?.(...args),
        onResponseData: (...args) => handler.onResponseData?.(...args),
        onResponseEnd(...args) {
          leave();
          handler.onResponseEnd?.(...args);
        },
        onResponseError(...args) {
          leave();
          handler.onResponseError?.(...args);
        },
      });
    } catch (error) {
      leave();
      throw error;
    }
  };
}

/** What a client asks with is kept with the answer, and the cache counts answers alone: longer queries and headers, in characters, are not kept. */
const MAX_KEPT_LENGTH = 4096;

async function proxy(
  base: string,
  { cached, uncached }: { readonly cached: Dispatcher; readonly uncached: Dispatcher },
  incoming: IncomingMessage,
  response: ServerResponse,
  { environment, query, cors }: Selected,
): Promise<void> {
  const path = `/sdk/goals/${encodeURIComponent(environment.definition.envId ?? '')}`;
  const headersPassed = passedHeaders(incoming);
  const length = Object.values(headersPassed).reduce((sum, value) => sum + value.length, query.length);
  const answer = await request(joinUrl(base, query === '' ? path : `${path}?${query}`), {
    dispatcher: length > MAX_KEPT_LENGTH ? uncached : cached,
    headers: headersPassed,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await readLimited(answer.body);
  const headers = [...answerHeaders(answer.headers), ...cors];
  const { etag } = answer.headers;
  if (answer.statusCode === 200 && etag !== undefined && incoming.headers['if-none-match'] === etag) {
    sendEmpty(response, 304, headers);
    return;
  }
  response.writeHead(answer.statusCode, [...headers, 'Content-Length', String(body.length)]).end(body);
}

/** No compression: the answer goes into the cache and out as it is. No cookies: they are the page's own. */
function passedHeaders(incoming: IncomingMessage): Record<string, string> {
  const before = incoming.headers['x-forwarded-for'];
  const address = incoming.socket.remoteAddress ?? '';
  const headers: Record<string, string> = {
    accept: incoming.headers.accept ?? '*/*',
    'accept-encoding': 'identity',
    'x-forwarded-for': before === undefined ? address : `${before}, ${address}`,
  };
  for (const [name, value] of Object.entries(incoming.headers)) {
    if ((name === 'user-agent' || name.startsWith('x-launchdarkly-')) && typeof value === 'string')
      headers[name] = value;
  }
  return headers;
}

function answerHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || NOT_PASSED.has(name) || name.startsWith('access-control-')) continue;
    for (const one of Array.isArray(value) ? value : [value]) list.push(name, one);
  }
  return list;
}

async function readLimited(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`upstream's answer has more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
