import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { jobSoon } from '../jobs/jobs.ts';
import type { RelayResponse } from './response.ts';

/** Hands a request's socket to `use`, freed of parser, request and response. Called synchronously in the request handler. */
export type Takeover = (request: IncomingMessage, response: ServerResponse, use: (socket: Socket) => void) => void;

/** What is relied on beyond the documented API of `node:http`: checked by `takeover.test.ts` on the pinned Node. */
interface Detachable {
  upgrade: boolean;
}
interface ParserOwner {
  readonly parser?: { getCurrentBuffer?(): Buffer };
}

const END_OF_HEAD = '\r\n\r\n';

/**
 * Lets streams leave `node:http`. An open response keeps its request, response, parser and header objects alive: about
 * 40 KB a stream; a bare socket takes a quarter of that. Node has one door out of its HTTP server, the `upgrade` event,
 * and this uses it: a request that is marked as an upgrade while its `request` event runs is let go of, completely and by
 * Node's own code, as soon as the parser returns.
 *
 * Guarantees: `use` is called once in the same turn of the event loop, or the socket is destroyed. Assumptions: the
 * request passed {@link canTakeSocket}; the server was made with `shouldUpgradeCallback: () => false`, so that upgrade
 * requests of clients are answered like any other.
 */
export function createTakeover(server: Server): Takeover {
  const waiting = new WeakMap<IncomingMessage, (socket: Socket) => void>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    const use = waiting.get(request);
    waiting.delete(request);
    if (use === undefined) socket.destroy();
    else use(socket as Socket);
  });
  return (request, response, use) => {
    const { socket } = request;
    waiting.set(request, use);
    response.detachSocket(socket);
    (request as Detachable & IncomingMessage).upgrade = true;
    jobSoon('takeover', () => {
      if (waiting.delete(request)) socket.destroy();
    });
  };
}

/**
 * True when the request's socket can be taken over: HTTP/1.1, no body, handled in its own event and not after a wait for its turn, and
 * nothing behind the head in what the parser is reading. A request that is pipelined behind it would be parsed before the socket is let go of; Node does not expect that.
 */
export function canTakeSocket(request: IncomingMessage, response: ServerResponse): boolean {
  if (
    (response as RelayResponse).waited ||
    request.httpVersionMajor !== 1 ||
    request.httpVersionMinor !== 1 ||
    request.headers['content-length'] !== undefined ||
    request.headers['transfer-encoding'] !== undefined ||
    request.headers.expect !== undefined
  ) {
    return false;
  }
  const { parser } = request.socket as ParserOwner;
  const read = parser?.getCurrentBuffer?.();
  return (
    read !== undefined &&
    read.length >= END_OF_HEAD.length &&
    read.indexOf(END_OF_HEAD) === read.length - END_OF_HEAD.length
  );
}
