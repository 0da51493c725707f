import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Hands a request's socket to `use`, freed of parser, request and response. Called synchronously in the request handler. */
export type Takeover = (request: IncomingMessage, response: ServerResponse, use: (socket: Socket) => void) => void;

/** What is relied on beyond the documented API of `node:http`: checked by `takeover.test.ts` on the pinned Node. */
interface Detachable {
  upgrade: boolean;
}

/**
 * Lets streams leave `node:http`. An open response keeps its request, response, parser and header objects alive: about
 * 40 KB a stream; a bare socket takes a quarter of that. Node has one door out of its HTTP server, the `upgrade` event,
 * and this uses it: a request that is marked as an upgrade while its `request` event runs is let go of, completely and by
 * Node's own code, as soon as the parser returns.
 *
 * Guarantees: `use` is called once in the same turn of the event loop, or the socket is destroyed. Real upgrade
 * requests of clients are not affected when the server was made with `shouldUpgradeCallback: () => false`.
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
    setImmediate(() => {
      // A pipelined second request took the parser's attention: no SDK does that on a stream.
      if (waiting.delete(request)) socket.destroy();
    });
  };
}
