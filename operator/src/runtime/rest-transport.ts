import { type ApiError, apiErrorFrom, FencedError, TransportError } from '@flagrelay/kube/api-error';
import { type Clock, sleep, systemClock } from '@flagrelay/kube/clock';
import { parseRetryAfter } from '@flagrelay/kube/retry-after';
import { RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, errors, request } from 'undici';
import { fenceWrites } from './fence.ts';
import type { PooledKubeConfig } from './kube-config.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { Throttle } from './throttle.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One call, before it becomes requests. */
export interface Call {
  readonly method: Method;
  /** What is done, for metrics: get, list, watch, create, replace, apply, patch, delete. */
  readonly verb: string;
  /** Path with query. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call with its retries, in ms. */
  readonly deadlineMs: number;
  /** Asked just before the request is written; false refuses it with FencedError. */
  readonly mayWrite?: (() => boolean) | undefined;
}

/** An answer whose body still flows. */
export interface StreamedResponse {
  readonly body: Dispatcher.ResponseData['body'];
  /** Says that this connection fell silent. */
  suspect(): void;
}

/** What sends calls: one for each client. */
export interface Transport {
  /** The whole body as text. Throws ApiError, TransportError or FencedError. */
  send(call: Call): Promise<string>;
  /** The body as a stream; the deadline counts until the head of the answer only. Not retried, but for a 401. */
  open(call: Call): Promise<StreamedResponse>;
}

/** What a transport works with. */
export interface TransportOptions {
  readonly kubeConfig: PooledKubeConfig;
  readonly userAgent: string;
  readonly logger: Logger;
  readonly metrics: RuntimeMetrics;
  /** Absent: calls are sent at once. */
  readonly throttle?: Throttle | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

/** Attempts of one call at most, the first included (client-go: 10 retries). */
const MAX_ATTEMPTS = 10;
/** Attempts of a read whose connection broke before the answer. */
const MAX_READ_ATTEMPTS = 3;
/** Base of the pause before a broken read is tried again, in ms. */
const READ_RETRY_MS = 100;

/** Sends calls with credentials, deadline, retries and metrics. */
export function createTransport(options: TransportOptions): Transport {
  const { kubeConfig, userAgent, logger, metrics, clock = systemClock, random = Math.random } = options;

  /** One request; answers the response of any status. Failures become TransportError or FencedError. */
  async function attempt(call: Call, until: number, streamed: boolean): Promise<Attempt> {
    const cluster = kubeConfig.getCurrentCluster();
    if (!cluster) throw new Error('kubeconfig has no current cluster: current-context must name an existing context');
    const url = new URL(`${cluster.server.replace(/\/$/, '')}${call.path}`);
    // The server gives up when we do: nothing is carried out that nobody waits for. A watch has its own timeout.
    if (!streamed) url.searchParams.set('timeout', `${Math.max(1, Math.ceil((until - clock.now()) / 1000))}s`);
    const controller = new AbortController();
    const timer = clock.after(until - clock.now(), () => controller.abort(DEADLINE));
    const onAbort = () => controller.abort(call.signal?.reason);
    if (call.signal?.aborted) onAbort();
    else call.signal?.addEventListener('abort', onAbort, { once: true });
    const release = () => {
      timer.cancel();
      call.signal?.removeEventListener('abort', onAbort);
    };
    let dispatcher: Dispatcher | undefined;
    try {
      const context = new RequestContext(url.href, call.method);
      await kubeConfig.applySecurityAuthentication(context);
      controller.signal.throwIfAborted();
      dispatcher = context.getDispatcher();
      if (!dispatcher) throw new Error('no connection pool for the API server');
      const response = await request(url, {
        dispatcher: call.mayWrite ? fenceWrites(dispatcher, call.mayWrite) : dispatcher,
        method: call.method,
        headers: {
          ...context.getHeaders(),
          accept: 'application/json',
          'user-agent': userAgent,
          ...(call.contentType && { 'content-type': call.contentType }),
        },
        ...(call.body !== undefined && { body: call.body }),
        signal: controller.signal,
      });
      metrics.rest.requests.inc({ code: String(response.statusCode), method: call.method, host: url.host });
      const used = dispatcher;
      const suspect = () => kubeConfig.suspect(used);
      const retryAfterMs = parseRetryAfter(response.headers['retry-after'], clock.wallNow());
      if (streamed && response.statusCode < 300) {
        timer.cancel(); // from here on the caller's signal alone ends the stream
        response.body.once('close', release);
        return {
          status: response.statusCode,
          text: '',
          retryAfterMs,
          host: url.host,
          stream: { body: response.body, suspect },
        };
      }
      const text = await response.body.text();
      release();
      return { status: response.statusCode, text, retryAfterMs, host: url.host, stream: undefined };
    } catch (error) {
      release();
      if (error instanceof FencedError) throw error;
      const failure = transportError(error, controller.signal, call);
      metrics.rest.requests.inc({ code: '<error>', method: call.method, host: url.host });
      if (failure.kind === 'deadline') kubeConfig.suspect(dispatcher);
      throw failure;
    }
  }

  async function run(call: Call, streamed: boolean): Promise<Attempt> {
    const signal = call.signal ?? NEVER;
    if (options.throttle !== undefined && !(await options.throttle.turn(signal))) {
      throw new TransportError('aborted', describe(call), 'aborted by the caller', signal.reason);
    }
    const until = clock.now() + call.deadlineMs;
    let refreshed = false;
    for (let tries = 1; ; tries += 1) {
      let outcome: Attempt;
      try {
        outcome = await attempt(call, until, streamed);
      } catch (error) {
        const pause = READ_RETRY_MS * tries * (0.5 + random());
        const again = isBrokenRead(error, call, tries) && clock.now() + pause < until;
        if (!again || !(await sleep(pause, signal, clock))) throw error;
        metrics.rest.retries.inc({ code: '<error>', verb: call.verb, host: hostOf(kubeConfig) });
        continue;
      }
      if (outcome.status < 300) return outcome;
      const error = apiErrorFrom(outcome.status, outcome.text, outcome.retryAfterMs, describe(call));
      const retry = { code: String(outcome.status), verb: call.verb, host: outcome.host };
      if (outcome.status === 401 && !refreshed) {
        refreshed = true;
        kubeConfig.forgetCredentials();
        metrics.rest.retries.inc(retry);
        continue;
      }
      const wait = streamed ? undefined : retryDelay(error, tries, random);
      if (wait === undefined || clock.now() + wait >= until || !(await sleep(wait, signal, clock))) throw error;
      logger.debug('API server asked to wait', { request: describe(call), code: outcome.status, waitMs: wait });
      metrics.rest.retries.inc(retry);
    }
  }

  return {
    async send(call) {
      const started = clock.now();
      const { text, host } = await run(call, false);
      const labels = { verb: call.verb, host };
      metrics.rest.duration.observe(labels, (clock.now() - started) / 1000);
      metrics.rest.requestSize.observe(labels, Buffer.byteLength(call.body ?? ''));
      metrics.rest.responseSize.observe(labels, Buffer.byteLength(text));
      return text;
    },
    async open(call) {
      const { stream } = await run(call, true);
      if (!stream) throw new TransportError('protocol', describe(call), 'the answer had no body');
      return stream;
    },
  };
}

interface Attempt {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
  readonly host: string;
  readonly stream: StreamedResponse | undefined;
}

const DEADLINE = Symbol('deadline');
const NEVER = new AbortController().signal;

/** Only answers that say when to come back are retried: the server did not begin the work. Jitter spreads the crowd. */
function retryDelay(error: ApiError, tries: number, random: () => number): number | undefined {
  if (error.retryAfterMs === undefined || tries >= MAX_ATTEMPTS) return undefined;
  return error.code === 429 || error.code === 503 ? error.retryAfterMs * (1 + 0.1 * random()) : undefined;
}

/** A read may be sent again when its connection broke: an idle connection that the server closed looks like that. */
function isBrokenRead(error: unknown, call: Call, tries: number): boolean {
  return (
    error instanceof TransportError && error.kind === 'connection' && call.method === 'GET' && tries < MAX_READ_ATTEMPTS
  );
}

function transportError(error: unknown, signal: AbortSignal, call: Call): TransportError {
  if (signal.aborted && signal.reason === DEADLINE) {
    return new TransportError('deadline', describe(call), `no answer within ${call.deadlineMs} ms`);
  }
  if (signal.aborted) return new TransportError('aborted', describe(call), 'aborted by the caller', signal.reason);
  if (error instanceof errors.HTTPParserError) {
    return new TransportError('protocol', describe(call), 'the answer was not HTTP', error);
  }
  const message = error instanceof Error ? error.message : 'unknown failure';
  return new TransportError('connection', describe(call), message, error);
}

/** Method and path without query, as errors and logs name a call. */
export function describe(call: Pick<Call, 'method' | 'path'>): string {
  return `${call.method} ${call.path.replace(/\?.*$/s, '')}`;
}

function hostOf(kubeConfig: PooledKubeConfig): string {
  const server = kubeConfig.getCurrentCluster()?.server;
  return server ? new URL(server).host : '';
}
