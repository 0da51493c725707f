import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, type ZlibOptions } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../config/document.ts';
import type { Environment } from '../../environment/environment.ts';
import type { Registry } from '../../environment/registry.ts';
import { createEventForwarder, type EventForwarder } from '../../events/forwarder.ts';
import type { EventEnvironment, EventFamily, EventMetrics } from '../../events/types.ts';
import { BodyError, readBody } from '../../http/body.ts';
import { queryParam } from '../../http/path.ts';
import { type HeaderList, sendEmpty, sendMessage, sendText } from '../../http/reply.ts';
import { StoreError } from '../../store/store.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { EventHandlers } from './routes.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** What the event endpoints need. */
export interface EventHandlerDeps {
  readonly config: Pick<RelayConfig, 'events' | 'upstream' | 'offline' | 'server'>;
  readonly dispatcher: Dispatcher;
  readonly registry: Pick<Registry, 'get'>;
  readonly metrics: Pick<Metrics, 'eventsReceived' | 'eventsForwarded' | 'eventsDropped' | 'diagnosticsDropped'>;
}

/** The handlers of all event endpoints, and what they hold. */
export interface RunningEvents {
  readonly handlers: Omit<EventHandlers, 'goals'>;
  /** Sends what is queued, for at most 3 s. */
  close(): Promise<void>;
}

const OFF = 'Event proxy is not enabled for this environment';
// In a function: Node's zlib is loaded with the first call.
const inflate = (body: Buffer, options: ZlibOptions): Promise<Buffer> => promisify(gunzip)(body, options);

/** A transparent GIF of one pixel (contract 1.9). */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** Headers of a diagnostic event that are upstream's business; everything else is the connection's, or private. */
const PASSED_HEADERS = /^(?:authorization|user-agent|x-launchdarkly-.+)$/;

/** Makes the handlers of the event endpoints (contract 1.9, 1.10). */
export function createEventHandlers(deps: EventHandlerDeps): RunningEvents {
  const { config } = deps;
  const forwarders = new Map<string, { environment: Environment; forwarder: EventForwarder }>();

  const forwarderOf = (environment: Environment): EventForwarder => {
    const known = forwarders.get(environment.id);
    if (known?.environment === environment) return known.forwarder;
    dropRemoved();
    const forwarder = createEventForwarder({
      config: config.events,
      eventsUri: config.upstream.eventsUri,
      environment: eventEnvironment(environment),
      dispatcher: deps.dispatcher,
      metrics: eventMetrics(deps.metrics, environment),
      logger: environment.logger,
    });
    forwarders.set(environment.id, { environment, forwarder });
    return forwarder;
  };

  /** Ends the forwarders of environments that are gone; what they still hold goes out. */
  const dropRemoved = (): void => {
    for (const [id, { environment, forwarder }] of forwarders) {
      if (deps.registry.get(id) === environment) continue;
      forwarders.delete(id);
      void forwarder.close();
    }
  };

  const { maxInboundPayloadBytes: maxInbound } = config.events;
  const limits = { maxInbound, maxBody: config.server.maxRequestBodyBytes };

  /** Answers at once where events are off; otherwise reads the body, answers 202 and hands it on. */
  const intake =
    (take: (request: IncomingMessage, body: Buffer, selected: Selected) => void): EnvironmentHandler =>
    (request, response, selected) => {
      if (config.offline !== undefined) {
        request.resume();
        sendEmpty(response, 202, selected.cors);
        return;
      }
      if (!config.events.enabled) {
        request.resume();
        sendProblem(response, 503, OFF, selected.cors);
        return;
      }
      readEventBody(request, limits)
        .then((body) => {
          if (body.length === 0) {
            sendProblem(response, 400, 'body may not be empty', selected.cors);
            return;
          }
          sendEmpty(response, 202, selected.cors);
          take(request, body, selected);
        })
        .catch((error: unknown) => answerBodyError(response, error, selected));
    };

  const bulk = (family: EventFamily): EnvironmentHandler =>
    intake((request, body, { environment }) => {
      const schema = schemaOf(request);
      forwarderOf(environment).accept({
        metadata: { family, schema, tags: header(request, 'x-launchdarkly-tags') ?? '' },
        body: body.toString('utf8'),
        payloadId: payloadIdOf(request),
        unsummarized: schema < 3 || request.headers['x-launchdarkly-unsummarized'] !== undefined,
      });
    });

  const diagnostic = (path: (environment: Environment) => string): EnvironmentHandler =>
    intake((request, body, { environment }) => {
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) {
        if (PASSED_HEADERS.test(name) && typeof value === 'string') headers[name] = value;
      }
      forwarderOf(environment).diagnostic({ path: path(environment), headers, body });
    });

  const pixel: EnvironmentHandler = (_request, response, { environment, query, cors }) => {
    if (config.offline !== undefined || !config.events.enabled) {
      sendProblem(response, 503, OFF, cors);
      return;
    }
    response.writeHead(200, ['Content-Type', 'image/gif', ...cors, 'Content-Length', String(PIXEL.length)]).end(PIXEL);
    const data = queryParam(query, 'd');
    if (data === '') return;
    // An unescaped plus sign arrives as a space.
    const body = Buffer.from(data.replaceAll(' ', '+'), 'base64').toString('utf8');
    const metadata = { family: 'browser' as const, schema: 3, tags: '' };
    forwarderOf(environment).accept({ metadata, body, payloadId: undefined, unsummarized: false });
  };

  return {
    handlers: {
      serverBulk: bulk('server'),
      serverDiagnostic: diagnostic(() => '/diagnostic'),
      mobileBulk: bulk('mobile'),
      mobileDiagnostic: diagnostic(() => '/mobile/events/diagnostic'),
      browserBulk: bulk('browser'),
      browserDiagnostic: diagnostic(
        ({ definition }) => `/events/diagnostic/${encodeURIComponent(definition.envId ?? '')}`,
      ),
      pixel,
    },
    close: async () => {
      await Promise.all([...forwarders.values()].map(({ forwarder }) => forwarder.close()));
      forwarders.clear();
    },
  };
}

function eventEnvironment(environment: Environment): EventEnvironment {
  return {
    get sdkKey() {
      return environment.definition.sdkKey;
    },
    get mobileKey() {
      return environment.definition.mobileKey;
    },
    get envId() {
      return environment.definition.envId;
    },
    data: async () => {
      try {
        return (await environment.read())?.data;
      } catch (error) {
        // The events still count; only what the flags would have told about them is missing.
        if (error instanceof StoreError) return undefined;
        throw error;
      }
    },
  };
}

function eventMetrics(metrics: EventHandlerDeps['metrics'], from: Environment): EventMetrics {
  /** The name as it is now: environments are renamed while they run. */
  const named = () => ({ environment: from.definition.name });
  return {
    received: (count) => metrics.eventsReceived.inc(named(), count),
    forwarded: (count) => metrics.eventsForwarded.inc(named(), count),
    dropped: (count, reason) => metrics.eventsDropped.inc({ ...named(), reason }, count),
    diagnosticDropped: (reason) => metrics.diagnosticsDropped.inc({ ...named(), reason }),
  };
}

/** A body that cannot be used: the answer's status and text. */
class IntakeError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function readEventBody(
  request: IncomingMessage,
  {
    maxInbound = Number.POSITIVE_INFINITY,
    maxBody,
  }: { readonly maxInbound?: number | undefined; readonly maxBody: number },
): Promise<Buffer> {
  const limit = Math.min(maxInbound, maxBody);
  const tooLarge =
    maxInbound <= maxBody
      ? new IntakeError(400, 'unable to read request body')
      : new IntakeError(413, 'Request body exceeds maximum allowed size.');
  let body: Buffer;
  try {
    body = await readBody(request, limit);
  } catch (error) {
    throw error instanceof BodyError && error.reason === 'too-large' ? tooLarge : error;
  }
  if (header(request, 'content-encoding') !== 'gzip' || body.length === 0) return body;
  try {
    return await inflate(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge;
    throw new IntakeError(400, `gzip: ${(error as Error).message}`);
  }
}

function answerBodyError(response: ServerResponse, error: unknown, { cors, environment }: Selected): void {
  if (error instanceof IntakeError) {
    if (error.message.startsWith('gzip:')) sendText(response, error.status, error.message, cors);
    else if (error.status === 413) sendMessage(response, 413, error.message, [...cors, 'Connection', 'close']);
    else sendProblem(response, error.status, error.message, [...cors, 'Connection', 'close']);
    return;
  }
  if (error instanceof BodyError) {
    if (error.reason === 'too-slow') sendProblem(response, 408, error.message, [...cors, 'Connection', 'close']);
    else response.destroy();
    return;
  }
  environment.logger.error('a posted batch of events could not be read', { error: String(error) });
  if (!response.headersSent) sendEmpty(response, 500, cors);
}

/** `{"message": …}` under the type text/plain, as ld-relay's event endpoints send it (contract 1.10). */
function sendProblem(response: ServerResponse, status: number, message: string, headers: HeaderList): void {
  const body = JSON.stringify({ message });
  response.writeHead(status, [
    'Content-Type',
    'text/plain; charset=utf-8',
    ...headers,
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}

/** A number above 0, or 1 (contract 5.3). */
function schemaOf(request: IncomingMessage): number {
  const text = header(request, 'x-launchdarkly-event-schema') ?? '';
  return /^\d{1,9}$/.test(text) ? Math.max(Number(text), 1) : 1;
}

/** What looks like an id is passed on; anything else is replaced. */
function payloadIdOf(request: IncomingMessage): string | undefined {
  const id = header(request, 'x-launchdarkly-payload-id');
  return id !== undefined && /^[\w.:-]{1,100}$/.test(id) ? id : undefined;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
