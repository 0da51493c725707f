import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EvaluationError, type Evaluator } from '../environment/evaluator.ts';
import { StoreError } from '../errors.ts';
import { BodyError, type HeldBody } from '../http/body.ts';
import { type ContextBodies, sendBodyError } from '../http/context-bodies.ts';
import { queryParam } from '../http/path.ts';
import { type HeaderList, sendEmpty, sendJson } from '../http/reply.ts';
import { takerOf } from '../http/response.ts';
import { turnFor } from '../jobs/own-turn.ts';
import type { JsonBounds } from '../json/bounds.ts';
import { checkJsonBounds, JsonBoundsError } from '../json/json-bounds.ts';
import { describe } from '../telemetry/describe.ts';
import { type OfrepHandler, type OfrepRequest, sendProblem } from './access.ts';
import { contextOf } from './request.ts';
import { OfrepError, ofrepFailure, ofrepResult } from './result.ts';

/** POST `/ofrep/v1/evaluate/flags/{key}`. */
export function evaluateOne(bodies: ContextBodies): OfrepHandler {
  return (request, response, given) => {
    const key = given.params[0] ?? '';
    const failed = (error: OfrepError) =>
      sendJson(response, 400, ofrepFailure(key, error.code, error.message).json, given.headers);
    void answer(request, response, given, bodies, failed, (evaluator) => {
      const evaluation = evaluator.one(key);
      if (evaluation === undefined) {
        const { json } = ofrepFailure(key, 'FLAG_NOT_FOUND', 'there is no such flag');
        sendJson(response, 404, json, given.headers);
        return;
      }
      const { json, failed } = ofrepResult(key, evaluation);
      sendJson(response, failed ? 400 : 200, json, given.headers);
    });
  };
}

/** POST `/ofrep/v1/evaluate/flags`: every flag that the client may see, with an `ETag` that is the same in every relay. */
export function evaluateAll(bodies: ContextBodies): OfrepHandler {
  return (request, response, given) => {
    const failed = ({ code, message }: OfrepError) =>
      sendJson(response, 400, JSON.stringify({ errorCode: code, errorDetails: message }), given.headers);
    void answer(request, response, given, bodies, failed, async (evaluator) => {
      const flags: string[] = [];
      const evaluating = evaluator.each(
        (key, evaluation) => flags.push(ofrepResult(key, evaluation).json),
        () => !response.destroyed,
      );
      if (evaluating !== undefined) {
        await evaluating;
        if (response.destroyed) return;
      }
      const body = `{"flags":[${flags.join(',')}]}`;
      const tag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
      const headers = ['ETag', tag, ...given.headers];
      if (hasTag(request, tag)) sendEmpty(response, 304, headers);
      else sendJson(response, 200, body, headers);
    });
  };
}

/** Reads the request and hands out what evaluates it; answers everything that is wrong. Never rejects. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { session, query, headers }: OfrepRequest,
  { reader, maxBytes, bounds }: ContextBodies,
  failed: (error: OfrepError) => void,
  use: (evaluator: Evaluator) => void | Promise<void>,
): Promise<void> {
  let body: HeldBody | undefined;
  try {
    body = await reader.read(request, maxBytes, takerOf(response));
    const turn = turnFor(body.bytes.length);
    if (turn !== undefined) await turn;
    const text = body.bytes.toString();
    body.reserve(costOf(text, bounds));
    await use(await session.evaluator(contextOf(text), text.length, queryParam(query, 'h')));
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (error instanceof OfrepError) failed(error);
    else if (error instanceof EvaluationError) refuse(response, error, headers, failed);
    else if (error instanceof BodyError) sendBodyError(response, error, headers);
    else {
      if (!(error instanceof StoreError)) session.logger.error('an evaluation failed', { error: describe(error) });
      sendProblem(response, 500, 'the flags cannot be read', headers);
    }
  } finally {
    body?.release();
  }
}

/** Answers a request that the environment does not evaluate. */
function refuse(
  response: ServerResponse,
  error: EvaluationError,
  headers: HeaderList,
  failed: (error: OfrepError) => void,
): void {
  const { message } = error;
  switch (error.problem) {
    case 'context':
      failed(new OfrepError('INVALID_CONTEXT', message, { cause: error }));
      return;
    case 'key':
      failed(new OfrepError('TARGETING_KEY_MISSING', message, { cause: error }));
      return;
    case 'forbidden':
      sendProblem(response, 403, message, headers);
      return;
    case 'no-data':
      sendProblem(response, 503, message, headers);
      return;
    case 'too-costly':
      sendProblem(response, 413, message, headers);
      return;
    case 'busy':
      sendProblem(response, 503, message, [...headers, 'Retry-After', '1']);
  }
}

/** Bytes that the context will take, twice: the dialect may put it together in its own way. */
function costOf(text: string, bounds: JsonBounds): number {
  try {
    return 2 * checkJsonBounds(text, bounds);
  } catch (error) {
    if (error instanceof JsonBoundsError) throw new OfrepError('INVALID_CONTEXT', error.message, { cause: error });
    throw error;
  }
}

/** A longer list of tags is not read. */
const MAX_TAGS_LENGTH = 8 * 1024;

/** `If-None-Match` may list several tags, and caches make weak ones of them. */
function hasTag({ headers }: IncomingMessage, tag: string): boolean {
  const sent = headers['if-none-match'];
  if (sent === undefined || sent.length > MAX_TAGS_LENGTH) return false;
  return sent.split(',').some((one) => one.trim().replace(/^W\//, '') === tag);
}
