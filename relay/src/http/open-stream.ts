import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamConnection } from '../streams/connection.ts';
import type { HeaderList } from './reply.ts';
import { SSE_HEADERS, streamOnResponse, streamOnSocket } from './stream-connection.ts';
import { canTakeSocket, type Takeover } from './takeover.ts';

/**
 * Sends the head of a stream and hands out the connection: a bare socket where the request allows it.
 * @param inRequestEvent false when the request's event has passed: then the socket cannot be taken over any more
 */
export function openStream(
  takeover: Takeover,
  request: IncomingMessage,
  response: ServerResponse,
  headers: HeaderList,
  inRequestEvent: boolean,
  use: (connection: StreamConnection) => void,
): void {
  const head = [...SSE_HEADERS, ...headers];
  if (inRequestEvent && canTakeSocket(request, response)) {
    takeover(request, response, (socket) => streamOnSocket(socket, head, use));
  } else {
    // A body that nobody reads would be kept for as long as the stream is open.
    request.resume();
    use(streamOnResponse(response, head));
  }
}
