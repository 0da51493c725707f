import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ContextBodies, RETRY_LATER } from '../../../http/context-bodies.ts';
import type { HeaderList } from '../../../http/reply.ts';
import { sendText } from '../../../http/reply.ts';
import type { RelayResponse } from '../../../http/response.ts';
import { SSE_HEADERS, streamOnResponse, streamOnSocket } from '../../../http/stream-connection.ts';
import { takePlace } from '../../../http/stream-place.ts';
import { canTakeSocket } from '../../../http/takeover.ts';
import type { StreamConnection } from '../../../streams/connection.ts';
import type { Frame } from '../../../streams/sse.ts';
import { describe } from '../../../telemetry/describe.ts';
import type { StreamServices } from '../../dialect.ts';
import type { CompiledData } from '../evaluation/compiled.ts';
import type { StreamKind } from '../outlet/outlet.ts';
import { type Payloads, payloadsOf } from '../outlet/payloads.ts';
import { PING } from '../outlet/ping.ts';
import { contextOfPath, withContextOfBody } from './context-request.ts';
import { corsHeadersOfStream, environmentIdHeader } from './cors.ts';
import { passesSecureMode } from './evalx.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** What streams use of the server that they run on. */
export interface StreamOptions extends StreamServices {
  readonly bodies: ContextBodies;
}

/** Contract 2.1, "Headers". */
const OPEN_HEADERS: HeaderList = [...SSE_HEADERS, 'Access-Control-Allow-Origin', '*'];

const UNBUFFERED: HeaderList = ['X-Accel-Buffering', 'no'];

/** `/all` and `/flags` (contract 2.2). */
export function serverStream(kind: 'all' | 'flags', options: StreamOptions): EnvironmentHandler {
  const initial = (payloads: Payloads) => (kind === 'all' ? payloads.allPut : payloads.flagsPut);
  return (request, response, selected) => {
    const ticket = options.admission.admit();
    if (ticket === undefined) {
      options.shed('queue');
      sendText(response, 503, 'too many streams are being opened, try again later', [...selected.cors, ...RETRY_LATER]);
      return;
    }
    if (!enters(options, request, response, selected, selected.cors)) {
      ticket.cancel();
      return;
    }
    open(options, request, response, selected, (connection) => {
      connection.onClose(ticket.cancel);
      ticket.turn(
        (done, waited) => {
          connection.offClose(ticket.cancel);
          if (waited && !selected.environment.accepts(selected.credential)) {
            connection.end(0);
            done();
          } else {
            join(kind, connection, selected, (data) => initial(payloadsOf(data)), done);
          }
        },
        () => connection.pendingBytes,
      );
    });
  };
}

const TOO_MANY = {
  credential: 'too many streams are open with this credential, try again later',
  address: 'too many streams are open from this address, try again later',
  public: 'too many streams are open with mobile keys and client-side IDs, try again later',
} as const;

/**
 * Counts a stream that opens now until its connection closes; a connection has one. Answers 503 and returns false when there are too many of its
 * credential or address.
 * @param headers of the answer
 */
export function enters(
  { limits, shed }: StreamOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { platform, credential }: Selected,
  headers: HeaderList,
): boolean {
  const crowd = takePlace(limits, request.socket, platform !== 'server', credential);
  if (crowd === undefined) return true;
  shed(crowd);
  sendText(response, 503, TOO_MANY[crowd], [...headers, ...RETRY_LATER]);
  return false;
}

/** `/ping` and `/mping`. */
export function pingStream(options: StreamOptions): EnvironmentHandler {
  return (request, response, selected) => openPing(options, request, response, selected);
}

/**
 * `/eval` and `/meval`: pings, once the context was found to be valid (contract 2.3). The context is used for nothing but
 * secure mode.
 */
export function evalStream(secure: boolean, options: StreamOptions): EnvironmentHandler {
  return (request, response, given) => {
    // Errors before the stream opens carry this, too: a proxy decides about buffering by the first answer it sees.
    const selected = { ...given, cors: [...given.cors, ...UNBUFFERED] };
    if (request.method === 'REPORT') {
      withContextOfBody(request, response, selected.cors, options.bodies, ({ context }) => {
        if (secure && !passesSecureMode(response, selected, context)) return;
        openPing(options, request, response, selected);
      }).catch((error: unknown) => {
        given.environment.logger.error('a stream could not be served', { error: describe(error) });
        response.destroy();
      });
      return;
    }
    const received = contextOfPath(selected.params[0] ?? '', response, selected.cors, options.bodies);
    if (received === undefined || (secure && !passesSecureMode(response, selected, received.context))) return;
    openPing(options, request, response, selected);
  };
}

/** Sends the head and hands out the connection: a bare socket where the request allows it. Called synchronously for that. */
function open(
  options: StreamOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { environment, methods }: Selected,
  use: (connection: StreamConnection) => void,
): void {
  const id = environmentIdHeader(environment);
  const headers =
    methods === '' ? headersWith(id) : headersWith(corsHeadersOfStream(environment.definition, methods), id);
  (response as RelayResponse).opened?.();
  if (canTakeSocket(request, response)) {
    options.takeover(request, response, (socket) => streamOnSocket(socket, headers, use));
  } else {
    // A body that nobody reads would be kept for as long as the stream is open.
    request.resume();
    use(streamOnResponse(response, headers));
  }
}

const withOwn = new WeakMap<HeaderList, HeaderList>();

/** The same list for the same headers of an environment, so that the head is put together once. */
function headersWith(own: HeaderList, id: HeaderList = []): HeaderList {
  let headers = withOwn.get(own);
  if (headers === undefined) {
    headers = [...OPEN_HEADERS, ...own, ...id];
    withOwn.set(own, headers);
  }
  return headers;
}

function openPing(
  options: StreamOptions,
  request: IncomingMessage,
  response: ServerResponse,
  selected: Selected,
): void {
  if (!enters(options, request, response, selected, selected.cors)) return;
  open(options, request, response, selected, (connection) => join('ping', connection, selected, () => PING));
}

/** Joins the channel with what there is to begin with: nothing without data or when the store fails (contract 2.3). */
function join(
  kind: StreamKind,
  connection: StreamConnection,
  client: Selected,
  initial: (data: CompiledData) => Frame,
  done?: () => void,
): void {
  const { environment, credential } = client;
  const channel =
    kind === 'all' ? environment.outlet.all : kind === 'flags' ? environment.outlet.flags : environment.outlet.ping;
  const add = (data: CompiledData | undefined) =>
    channel.add(connection, client, data === undefined ? undefined : initial(data), done);
  const failed = (error: unknown) => {
    environment.logger.warn('the store could not be read for a new stream', { error: String(error) });
    add(undefined);
  };
  try {
    const data = environment.read();
    if (!(data instanceof Promise)) {
      add(data);
      return;
    }
    data
      .then((read) => {
        // Who left while the store was asked does not join, whose credential was revoked neither.
        if (connection.closed || environment.accepts(credential)) add(read);
        else connection.end(0);
      })
      .catch((error: unknown) => (connection.closed ? done?.() : failed(error)));
  } catch (error) {
    failed(error);
  }
}
