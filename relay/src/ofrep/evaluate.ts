import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { compress } from '../encoding/shared-body.ts';
import { EvaluationError, type EvaluationSession, type Evaluator } from '../environment/evaluator.ts';
import { StoreError } from '../errors.ts';
import { BodyError, type HeldBody } from '../http/body.ts';
import { type ContextBodies, sendBodyError } from '../http/context-bodies.ts';
import { acceptsGzip } from '../http/negotiation.ts';
import { queryParam } from '../http/path.ts';
import { type HeaderList, sendEmpty, sendJson, sendJsonBytes } from '../http/reply.ts';
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
export function evaluateAll(bodies: ContextBodies, { compression, streamUri }: BulkOptions): OfrepHandler {
  return (request, response, given) => {
    const { session, query } = given;
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
      // The stream's address is a part of what the tag stands for: a client with another key must not keep the old one.
      const streams = [{ type: 'sse', endpoint: { requestUri: streamUri(session, queryParam(query, 'filter')) } }];
      const body = `{"flags":[${flags.join(',')}],"eventStreams":${JSON.stringify(streams)}}`;
      const tag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
      const isLarge = compression && body.length >= MIN_GZIP_CHARS;
      const headers = ['ETag', tag, ...(isLarge ? VARYING : []), ...given.headers];
      if (hasTag(request, tag) && (await isCurrent(session, query))) sendEmpty(response, 304, headers);
      else if (isLarge && acceptsGzip(request)) await sendCompressed(response, body, headers);
      else sendJson(response, 200, body, headers);
    });
  };
}

/** How the answer to a bulk evaluation is sent, and where it says that changes are announced. */
export interface BulkOptions {
  readonly compression: boolean;
  /** Path of the event stream of a session. @param filter the payload filter of the request, '' = none */
  readonly streamUri: (session: EvaluationSession, filter: string) => string;
}

/** Smaller answers are not worth compressing, in characters. */
const MIN_GZIP_CHARS = 2048;
const VARYING: HeaderList = ['Vary', 'Accept-Encoding'];

async function sendCompressed(response: ServerResponse, body: string, headers: HeaderList): Promise<void> {
  const bytes = await compress(body).catch(() => undefined);
  if (response.destroyed) return;
  if (bytes === undefined) sendJson(response, 200, body, headers);
  else sendJsonBytes(response, bytes, ['Content-Encoding', 'gzip', ...headers]);
}

/** An event that brought the client here names the data: if what is served is not that yet, or not any more, nothing is "not modified". */
async function isCurrent({ changes }: EvaluationSession, query: string): Promise<boolean> {
  const told = queryParam(query, 'flagConfigEtag');
  return told === '' || bare(told) === (await changes.version());
}

/** A tag without what HTTP puts round it. */
function bare(tag: string): string {
  return tag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
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
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    request.resume();
    sendProblem(response, 415, 'Content-Encoding: a context is sent as it is, not compressed', headers);
    return;
  }
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
  return sent.split(',').some((one) => bare(one) === bare(tag));
}
