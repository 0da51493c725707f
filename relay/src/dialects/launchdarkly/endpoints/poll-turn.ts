import type { ServerResponse } from 'node:http';
import { RETRY_LATER } from '../../../http/context-bodies.ts';
import { sendEmpty, sendMessage } from '../../../http/reply.ts';
import type { StreamServices } from '../../dialect.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** What ld-relay 9 says to a poll for which there is no room; it sends no `Retry-After`, which every client understands. */
const SHED = 'relay initialization concurrency limit reached; retry shortly';

/** A poll that is answered with a whole data set: it waits for its turn as streams do for their first payload (contract 11.1). */
export function inTurn(services: StreamServices, handler: EnvironmentHandler): EnvironmentHandler {
  return (request, response, selected) =>
    whenItsTurn(services, response, selected, () => handler(request, response, selected));
}

/**
 * Calls `serve` when it is this poll's turn, at once where the number of first payloads is not limited. Its place is free again when the
 * answer has left, or its client has gone or hardly reads. Answers 503 where nobody may wait any more, and 401 where the credential was
 * revoked meanwhile.
 */
export function whenItsTurn(
  { admission, shed }: StreamServices,
  response: ServerResponse,
  { environment, credential, cors }: Selected,
  serve: () => void,
): void {
  if (!admission.limited) {
    serve();
    return;
  }
  const ticket = admission.admit();
  if (ticket === undefined) {
    shed('polls');
    sendMessage(response, 503, SHED, [...cors, ...RETRY_LATER]);
    return;
  }
  response.once('close', ticket.cancel);
  ticket.turn(
    (done, waited) => {
      response.off('close', ticket.cancel);
      response.once('close', done);
      if (waited && !environment.accepts(credential)) sendEmpty(response, 401);
      else serve();
    },
    () => response.socket?.writableLength ?? 0,
  );
}
