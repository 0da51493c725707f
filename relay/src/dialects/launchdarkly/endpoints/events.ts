import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../../../config/document.ts';
import type { Registry } from '../../../environment/registry.ts';
import { StoreError } from '../../../errors.ts';
import { BodyError, type BodyReader, type HeldBody } from '../../../http/body.ts';
import { RETRY_LATER } from '../../../http/context-bodies.ts';
import { inflate } from '../../../http/inflate.ts';
import { queryParam } from '../../../http/path.ts';
import { type HeaderList, sendEmpty, sendMessage, sendText } from '../../../http/reply.ts';
import { takerOf } from '../../../http/response.ts';
import { turnFor } from '../../../jobs/own-turn.ts';
import type { JsonBounds } from '../../../json/bounds.ts';
import { checkJsonBytes, JsonBoundsError } from '../../../json/json-bounds.ts';
import type { Metrics } from '../../../telemetry/metrics.ts';
import { createEventForwarder, type EventForwarder } from '../events/forwarder.ts';
import { defaultEventBytes, EventMemory } from '../events/memory.ts';
import type { Acceptance, EventBatch, EventEnvironment, EventFamily, EventMetrics } from '../events/types.ts';
import type { LaunchDarkly, LaunchDarklyEnvironment } from '../outlet/outlet.ts';
import type { EventHandlers } from './routes.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** Dependencies of the event endpoints. */
export interface EventHandlerDeps {
  readonly config: Pick<RelayConfig, 'events' | 'upstream' | 'offline' | 'server'>;
  readonly dispatcher: Dispatcher;
  readonly registry: Pick<Registry<LaunchDarkly>, 'get'>;
  readonly bodies: BodyReader;
  readonly metrics: EventCounters;
}

/** The metrics of events. */
type EventCounters = Pick<
  Metrics,
  | 'eventsReceived'
  | 'eventsForwarded'
  | 'eventsDropped'
  | 'eventPostsDelayed'
  | 'eventPostsTurnedAway'
  | 'diagnosticsDropped'
>;

/** The handlers of all event endpoints, and what they hold. */
export interface RunningEvents {
  readonly handlers: Omit<EventHandlers, 'goals'>;
  /** The memory of what waits, in bytes. */
  readonly memory: Pick<EventMemory, 'used' | 'limit' | 'refused'>;
  /** Sends what is queued now, and from now on without delay: the relay goes down. */
  hurry(): void;
  /** Sends what is queued, for at most so many ms. */
  close(ms?: number): Promise<void>;
}

const OFF = 'Event proxy is not enabled for this environment';
const TOO_LARGE = 'Request body exceeds maximum allowed size.';
const BUSY = 'too many events are waiting to be sent, try again later';

/** A transparent GIF of one pixel (contract 1.9). */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** Headers of a diagnostic event that are upstream's business; everything else is the connection's, or private. */
const PASSED_HEADERS = /^(?:authorization|user-agent|x-launchdarkly-.+)$/;

/** Makes the handlers of the event endpoints (contract 1.9, 1.10). */
export function createEventHandlers(deps: EventHandlerDeps): RunningEvents {
  const { config } = deps;
  const memory = new EventMemory(config.events.memoryBytes ?? defaultEventBytes(config.server.workers));
  const forwarders = new Map<string, { environment: LaunchDarklyEnvironment; forwarder: EventForwarder }>();

  const forwarderOf = (environment: LaunchDarklyEnvironment): EventForwarder => {
    const known = forwarders.get(environment.id);
    if (known?.environment === environment) return known.forwarder;
    dropRemoved();
    const forwarder = createEventForwarder({
      config: config.events,
      eventsUri: config.upstream.eventsUri,
      environment: eventEnvironment(environment),
      dispatcher: deps.dispatcher,
      memory,
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

  const limits = eventLimits(config);

  /** Answers at once where events are off; otherwise reads the body and hands it on, which answers. */
  const intake =
    (
      take: (request: IncomingMessage, response: ServerResponse, body: Buffer, selected: Selected) => void,
    ): EnvironmentHandler =>
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
      // What is taken in is a copy: while the answer waits for room, the body is let go of.
      withEventBody(request, response, deps.bodies, limits, (body) => {
        if (body.length === 0) sendProblem(response, 400, 'body may not be empty', selected.cors);
        else take(request, response, body, selected);
      }).catch((error: unknown) => answerBodyError(response, error, selected));
    };

  /**
   * Calls `taken` when the batch was, perhaps after a while; else answers that there is no room.
   * @throws {JsonBoundsError} when it has too many values
   */
  const hand = (
    batch: EventBatch,
    request: IncomingMessage,
    response: ServerResponse,
    { environment, cors }: Selected,
    taken: () => void,
  ): void => {
    const forwarder = forwarderOf(environment);
    // The batch itself must not be kept while it waits.
    const { family } = batch.metadata;
    const gone = (): boolean => request.socket.destroyed;
    const answer = (acceptance: Acceptance): void => {
      if (acceptance === 'taken') taken();
      else if (acceptance === 'too_large') sendMessage(response, 413, TOO_LARGE, cors);
      else sendBusy(response, forwarder.retryAfterS(family), cors);
    };
    const acceptance = forwarder.accept({ ...batch, gone });
    if (typeof acceptance === 'string') answer(acceptance);
    else {
      acceptance.then(answer).catch((error: unknown) => {
        environment.logger.error('a posted batch of events could not be taken', { error: String(error) });
        if (!response.headersSent) sendEmpty(response, 500, cors);
      });
    }
  };

  const bulk = (family: EventFamily): EnvironmentHandler =>
    intake((request, response, body, selected) => {
      const schema = schemaOf(request);
      const batch: EventBatch = {
        metadata: { family, schema, tags: tagsOf(request) },
        body,
        payloadId: payloadIdOf(request),
        unsummarized: schema < 3 || request.headers['x-launchdarkly-unsummarized'] !== undefined,
      };
      hand(batch, request, response, selected, () => sendEmpty(response, 202, selected.cors));
    });

  const diagnostic = (path: (environment: LaunchDarklyEnvironment) => string): EnvironmentHandler =>
    intake((request, response, body, { environment, cors }) => {
      checkJsonBytes(body, limits.bounds);
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) {
        if (PASSED_HEADERS.test(name) && typeof value === 'string') headers[name] = value;
      }
      if (forwarderOf(environment).diagnostic({ path: path(environment), headers, body })) {
        sendEmpty(response, 202, cors);
      } else {
        sendBusy(response, 1, cors);
      }
    });

  const pixel: EnvironmentHandler = (request, response, selected) => {
    const { query, cors } = selected;
    if (config.offline !== undefined || !config.events.enabled) {
      sendProblem(response, 503, OFF, cors);
      return;
    }
    const send = (): void => {
      const head = ['Content-Type', 'image/gif', ...cors, 'Content-Length', String(PIXEL.length)];
      response.writeHead(200, head).end(PIXEL);
    };
    const data = queryParam(query, 'd');
    if (data === '') {
      send();
      return;
    }
    // An unescaped plus sign arrives as a space.
    const body = Buffer.from(data.replaceAll(' ', '+'), 'base64');
    const metadata = { family: 'browser' as const, schema: 3, tags: '' };
    const batch: EventBatch = { metadata, body, payloadId: undefined, unsummarized: false };
    try {
      hand(batch, request, response, selected, send);
    } catch (error) {
      if (!(error instanceof JsonBoundsError)) throw error;
      deps.metrics.eventsDropped.inc({ environment: selected.environment.definition.name, reason: 'invalid' });
      send();
    }
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
    memory,
    hurry: () => {
      for (const { forwarder } of forwarders.values()) forwarder.hurry();
    },
    close: async (ms) => {
      await Promise.all([...forwarders.values()].map(({ forwarder }) => forwarder.close(ms)));
    },
  };
}

function eventEnvironment(environment: LaunchDarklyEnvironment): EventEnvironment {
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

function eventMetrics(metrics: EventCounters, from: LaunchDarklyEnvironment): EventMetrics {
  /** The name as it is now: environments are renamed while they run. */
  const named = () => ({ environment: from.definition.name });
  return {
    received: (count) => metrics.eventsReceived.inc(named(), count),
    forwarded: (count) => metrics.eventsForwarded.inc(named(), count),
    dropped: (count, reason) => metrics.eventsDropped.inc({ ...named(), reason }, count),
    delayed: () => metrics.eventPostsDelayed.inc(named()),
    turnedAway: () => metrics.eventPostsTurnedAway.inc(named()),
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

/** What a body of an event endpoint may be: bytes, inflated, and how one that is larger is answered (contract 1.10, 11.1). */
interface EventLimits {
  readonly bytes: number;
  readonly tooLarge: IntakeError;
  readonly bounds: JsonBounds;
}

/** Bytes of a batch of events where nothing else is configured: as ld-relay 9. */
const MAX_BATCH_BYTES = 5 * 1024 * 1024;

function eventLimits({ events, server }: Pick<RelayConfig, 'events' | 'server'>): EventLimits {
  const inbound = events.maxInboundPayloadBytes;
  const body = server.maxRequestBodyBytes ?? (inbound === undefined ? MAX_BATCH_BYTES : Number.POSITIVE_INFINITY);
  const bounds = { maxValues: events.maxBatchValues, maxMembers: events.maxBatchValues };
  return inbound !== undefined && inbound <= body
    ? { bounds, bytes: inbound, tooLarge: new IntakeError(400, 'unable to read request body') }
    : { bounds, bytes: body, tooLarge: new IntakeError(413, 'Request body exceeds maximum allowed size.') };
}

/** Reads and inflates a body and hands it to `use`, which checks its bounds; its memory counts until that has ended. */
async function withEventBody(
  request: IncomingMessage,
  response: ServerResponse,
  reader: BodyReader,
  { bytes: limit, tooLarge }: EventLimits,
  use: (body: Buffer) => void | Promise<void>,
): Promise<void> {
  let received: HeldBody | undefined;
  let body: HeldBody | undefined;
  try {
    const taker = takerOf(response);
    received = await reader.read(request, limit, taker);
    const zipped = header(request, 'content-encoding') === 'gzip' && received.bytes.length > 0;
    body = zipped ? await inflate(received.bytes, limit, reader.roomOf(taker)) : received;
    if (zipped) received.release();
    // Its text. No values are made of it (`check-batch.ts`).
    body.reserve(body.bytes.length);
    const turn = turnFor(body.bytes.length);
    if (turn !== undefined) await turn;
    await use(body.bytes);
  } catch (error) {
    if (error instanceof BodyError) throw error.reason === 'too-large' ? tooLarge : error;
    if (error instanceof JsonBoundsError) throw new IntakeError(400, error.message);
    if (received !== undefined && body === undefined) throw new IntakeError(400, `gzip: ${(error as Error).message}`);
    throw error;
  } finally {
    received?.release();
    body?.release();
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
    if (error.reason === 'busy') {
      const headers = [...cors, ...RETRY_LATER, 'Connection', 'close'];
      sendProblem(response, 503, 'the relay is busy, try again later', headers);
    } else if (error.reason === 'too-slow') sendProblem(response, 408, error.message, [...cors, 'Connection', 'close']);
    else response.destroy();
    return;
  }
  environment.logger.error('a posted batch of events could not be read', { error: String(error) });
  if (!response.headersSent) sendEmpty(response, 500, cors);
}

/** There is no room. SDKs try again once, or keep the events until their next flush. */
function sendBusy(response: ServerResponse, retryAfterS: number, cors: HeaderList): void {
  sendProblem(response, 503, BUSY, [...cors, 'Retry-After', String(retryAfterS)]);
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

/** Longer tags are none: SDKs send one or two of 64 characters. */
const MAX_TAGS_LENGTH = 1024;

function tagsOf(request: IncomingMessage): string {
  const tags = header(request, 'x-launchdarkly-tags') ?? '';
  return tags.length > MAX_TAGS_LENGTH ? '' : tags;
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
