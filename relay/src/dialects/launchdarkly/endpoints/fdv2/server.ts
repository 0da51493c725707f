import { RETRY_LATER } from '../../../../http/context-bodies.ts';
import { openStream } from '../../../../http/open-stream.ts';
import { queryParam } from '../../../../http/path.ts';
import { sendMessage, sendText } from '../../../../http/reply.ts';
import type { StreamConnection } from '../../../../streams/connection.ts';
import { environmentIdHeader } from '../cors.ts';
import { whenItsTurn } from '../poll-turn.ts';
import type { EnvironmentHandler, Selected } from '../select.ts';
import { enters, type StreamOptions } from '../stream-handlers.ts';
import { feedOf } from './feed.ts';
import type { Payload, Transfer } from './payload.ts';
import { withPayload } from './read-payload.ts';
import { NOT_INITIALIZED, sendEvents } from './reply.ts';

/** GET `/sdk/poll?basis=`: flags and segments for server SDKs (contract 11.3). */
export function serverPoll(compression: boolean, services: StreamOptions): EnvironmentHandler {
  return (request, response, selected) => {
    const { environment, query } = selected;
    const headers = environmentIdHeader(environment);
    withPayload(environment, response, (payload) => {
      if (payload === undefined) {
        sendMessage(response, 503, NOT_INITIALIZED, headers);
        return;
      }
      const basis = queryParam(query, 'basis');
      const feed = feedOf(environment);
      const send = (from: Payload, transfer: Transfer) => {
        // SDKs take a 304 as "nothing to do", whatever they have now: it is only right for one that has the current state.
        const revalidates = basis === '' || transfer.kind === 'none';
        sendEvents(request, response, from.body(transfer), { headers, compression, revalidates });
      };
      const transfer = feed.transfer(payload, basis);
      if (transfer.kind !== 'full') {
        send(payload, transfer);
        return;
      }
      whenItsTurn(services, response, selected, () => {
        // It may have waited: what it is sent is what there is then.
        const current = feed.current ?? payload;
        send(current, feed.transfer(current, basis));
      });
    });
  };
}

/** GET `/sdk/stream?basis=`: the same, followed by every change (contract 11.3). */
export function serverPayloadStream(options: StreamOptions): EnvironmentHandler {
  return (request, response, selected) => {
    const { environment } = selected;
    const headers = environmentIdHeader(environment);
    withPayload(environment, response, (payload, immediate) => {
      if (payload === undefined) {
        sendMessage(response, 503, NOT_INITIALIZED, headers);
        return;
      }
      const ticket = options.admission.admit();
      if (ticket === undefined) {
        options.shed('queue');
        sendText(response, 503, 'too many streams are being opened, try again later', [...headers, ...RETRY_LATER]);
        return;
      }
      if (!enters(options, request, response, selected, headers)) {
        ticket.cancel();
        return;
      }
      openStream(options.takeover, request, response, headers, immediate, (connection) => {
        connection.onClose(ticket.cancel);
        ticket.turn((done) => {
          connection.offClose(ticket.cancel);
          // It may have waited, for the store or for its turn.
          if (environment.accepts(selected.credential)) {
            join(connection, selected, feedOf(environment).current ?? payload, done);
          } else {
            connection.end(0);
            done();
          }
        });
      });
    });
  };
}

/** Sends what the SDK's basis asks for, and from now on what changes. */
function join(connection: StreamConnection, selected: Selected, payload: Payload, done: () => void): void {
  const { environment, query } = selected;
  const transfer = feedOf(environment).transfer(payload, queryParam(query, 'basis'));
  connection.write(payload.intent(transfer));
  environment.outlet.fdv2.add(connection, selected, restOf(payload, transfer), done);
}

function restOf(payload: Payload, transfer: Transfer) {
  switch (transfer.kind) {
    case 'none':
      return undefined;
    case 'changes':
      return payload.changes(transfer.items);
    case 'full':
      return payload.objects;
  }
}
