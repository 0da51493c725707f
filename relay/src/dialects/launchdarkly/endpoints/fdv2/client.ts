import type { IncomingMessage, ServerResponse } from 'node:http';
import { StoreError } from '../../../../errors.ts';
import { BodyError } from '../../../../http/body.ts';
import { type ContextBodies, sendBodyError } from '../../../../http/context-bodies.ts';
import { openStream } from '../../../../http/open-stream.ts';
import { queryParam } from '../../../../http/path.ts';
import { sendMessage } from '../../../../http/reply.ts';
import type { StreamConnection } from '../../../../streams/connection.ts';
import { describe } from '../../../../telemetry/describe.ts';
import type { CompiledData } from '../../evaluation/compiled.ts';
import { inTurns, LARGE_CONTEXT_CHARS } from '../../evaluation/turns.ts';
import { PING } from '../../outlet/ping.ts';
import { contextOfPath, countingContext, type ReceivedContext, withContextOfBody } from '../context-request.ts';
import { bigSegmentsFor, type EvalxOptions, passesSecureMode, STORE_FAILED, sendRefusal } from '../evalx.ts';
import { enters, type StreamOptions } from '../stream-handlers.ts';
import { evaluationBody, evaluationBodyInSteps } from './flag-eval.ts';
import { NOT_INITIALIZED, sendEvents } from './reply.ts';
import type { ClientHandler, ClientSelected } from './select.ts';

/** GET `/sdk/poll/eval/{b64}` and POST `/sdk/poll/eval`: evaluated flags (contract 11.3). */
export function evalPoll(options: EvalxOptions): ClientHandler {
  return (request, response, selected) =>
    withContext(request, response, selected, options.bodies, (received) => {
      const work = () => evaluate(options, request, response, selected, received);
      const answering = request.method === 'POST' ? work() : countingContext(response, options.bodies, received, work);
      return answering.catch((error: unknown) => failed(response, selected, error));
    });
}

/**
 * GET `/sdk/stream/eval/{b64}` and POST `/sdk/stream/eval`: a ping for each change, after which the SDK polls. The context
 * is only checked (contract 2.2, 11.3).
 */
export function evalPingStream(options: StreamOptions): ClientHandler {
  return (request, response, selected) =>
    withContext(request, response, selected, options.bodies, (_received, immediate) => {
      if (!enters(options, request, response, selected, selected.headers)) return;
      openStream(options.takeover, request, response, selected.headers, immediate, (connection) => {
        join(connection, selected).catch((error: unknown) => {
          selected.environment.logger.error('a stream could not be served', { error: describe(error) });
          connection.destroy();
        });
      });
    });
}

/** Reads the context, checks secure mode for browsers, and answers what is wrong with either. */
function withContext(
  request: IncomingMessage,
  response: ServerResponse,
  selected: ClientSelected,
  bodies: ContextBodies,
  use: (received: ReceivedContext, immediate: boolean) => void | Promise<void>,
): void {
  // Errors carry the same headers as answers do.
  const checked = { ...selected, cors: selected.headers };
  const passes = ({ context }: ReceivedContext) =>
    selected.audience !== 'browser' || passesSecureMode(response, checked, context);
  if (request.method !== 'POST') {
    const received = contextOfPath(selected.params[0] ?? '', response, selected.headers, bodies);
    if (received !== undefined && passes(received)) void use(received, true);
    return;
  }
  withContextOfBody(request, response, selected.headers, bodies, (received) =>
    passes(received) ? use(received, false) : undefined,
  ).catch((error: unknown) => failed(response, selected, error));
}

async function evaluate(
  { compression }: EvalxOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { environment, audience, query, headers }: ClientSelected,
  { context, text }: ReceivedContext,
): Promise<void> {
  const data = await environment.read();
  if (data === undefined) {
    sendMessage(response, 503, NOT_INITIALIZED, headers);
    return;
  }
  if (context.keyless) {
    sendMessage(response, 400, "User must have a 'key' attribute", headers);
    return;
  }
  const bigSegments = await bigSegmentsFor(environment, data, context);
  const withReasons = queryParam(query, 'withReasons') === 'true';
  const basis = queryParam(query, 'basis');
  const evaluation = { audience, withReasons, ...(bigSegments === undefined ? {} : { bigSegments }) };
  const answer =
    text.length <= LARGE_CONTEXT_CHARS
      ? evaluationBody(data, context, evaluation, basis)
      : await inTurns(
          environment,
          text.length,
          () => evaluationBodyInSteps(data, context, evaluation, basis),
          () => !response.destroyed,
        );
  if (answer === undefined) return;
  const { body, upToDate } = answer;
  sendEvents(request, response, body, { headers, compression, revalidates: basis === '' || upToDate });
}

/** Joins the pings. Without data the first one comes with them. */
async function join(connection: StreamConnection, client: ClientSelected): Promise<void> {
  const { environment, credential } = client;
  let data: CompiledData | undefined;
  try {
    data = await environment.read();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    environment.logger.warn('the store could not be read for a new stream', { error: error.message });
  }
  if (connection.closed) return;
  if (environment.accepts(credential))
    environment.outlet.ping.add(connection, client, data === undefined ? undefined : PING);
  else connection.end(0);
}

function failed(response: ServerResponse, { environment, headers }: ClientSelected, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof BodyError) {
    sendBodyError(response, error, headers);
    return;
  }
  if (error instanceof StoreError) {
    environment.logger.debug('the store could not be read for an evaluation', { error: error.message });
    sendMessage(response, 500, STORE_FAILED, headers);
    return;
  }
  if (sendRefusal(response, error, headers)) return;
  environment.logger.error('an evaluation failed', { error: describe(error) });
  sendMessage(response, 500, 'Internal error', headers);
}
