import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ContextBodies, sendBodyError } from '../dialects/launchdarkly/endpoints/context-request.ts';
import { bigSegmentsFor } from '../dialects/launchdarkly/endpoints/evalx.ts';
import { secureHashMatches } from '../dialects/launchdarkly/endpoints/secure-mode.ts';
import type { CompiledData, EvaluateOptions, FlagResult } from '../dialects/launchdarkly/evaluation/compiled.ts';
import { TooCostlyError } from '../dialects/launchdarkly/evaluation/pattern.ts';
import { BusyError, inTurns, LARGE_CONTEXT_CHARS } from '../dialects/launchdarkly/evaluation/turns.ts';
import type { Context } from '../dialects/launchdarkly/model/context.ts';
import { StoreError } from '../environment/store.ts';
import { BodyError, type HeldBody } from '../http/body.ts';
import { queryParam } from '../http/path.ts';
import { sendEmpty, sendJson } from '../http/reply.ts';
import { turnFor } from '../jobs/own-turn.ts';
import type { JsonBounds } from '../json/bounds.ts';
import { checkJsonBounds, JsonBoundsError } from '../json/json-bounds.ts';
import { describe } from '../telemetry/describe.ts';
import { type OfrepHandler, type OfrepRequest, sendProblem } from './access.ts';
import { OfrepError, parseOfrepContext } from './context.ts';
import { ofrepFailure, ofrepResult } from './result.ts';

/** Everything that one evaluation needs. */
interface Evaluation {
  readonly data: CompiledData;
  readonly context: Context;
  readonly options: EvaluateOptions;
  /** Length of the request's text. */
  readonly chars: number;
}

/** POST `/ofrep/v1/evaluate/flags/{key}`. */
export function evaluateOne(bodies: ContextBodies): OfrepHandler {
  return (request, response, given) => {
    const key = given.params[0] ?? '';
    const failed = (error: OfrepError) =>
      sendJson(response, 400, ofrepFailure(key, error.code, error.message).json, given.headers);
    void answer(request, response, given, bodies, failed, ({ data, context, options }) => {
      const result = data.evaluate(key, context, options);
      if (result === undefined) {
        const { json } = ofrepFailure(key, 'FLAG_NOT_FOUND', 'there is no such flag');
        sendJson(response, 404, json, given.headers);
        return;
      }
      const { json, failed } = ofrepResult(key, result);
      sendJson(response, failed ? 400 : 200, json, given.headers);
    });
  };
}

/** POST `/ofrep/v1/evaluate/flags`: every flag that the client may see, with an `ETag` that is the same in every relay. */
export function evaluateAll(bodies: ContextBodies): OfrepHandler {
  return (request, response, given) => {
    const failed = ({ code, message }: OfrepError) =>
      sendJson(response, 400, JSON.stringify({ errorCode: code, errorDetails: message }), given.headers);
    void answer(request, response, given, bodies, failed, async ({ data, context, options, chars }) => {
      const flags: string[] = [];
      const visit = (key: string, result: FlagResult): unknown => flags.push(ofrepResult(key, result).json);
      if (chars <= LARGE_CONTEXT_CHARS) data.evaluateEach(context, options, visit);
      else {
        const begin = () => data.evaluateEachInSteps(context, options, visit);
        await inTurns(given.environment, chars, begin, () => !response.destroyed);
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

/** Reads the request and hands out what is needed for the evaluation; answers everything that is wrong. Never rejects. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { environment, audience, query, headers }: OfrepRequest,
  { reader, maxBytes, bounds }: ContextBodies,
  failed: (error: OfrepError) => void,
  use: (evaluation: Evaluation) => void | Promise<void>,
): Promise<void> {
  let body: HeldBody | undefined;
  try {
    body = await reader.read(request, maxBytes);
    const turn = turnFor(body.bytes.length);
    if (turn !== undefined) await turn;
    const text = body.bytes.toString();
    body.reserve(costOf(text, bounds));
    const context = parseOfrepContext(text);
    const { definition } = environment;
    if (
      audience === 'browser' &&
      definition.secureMode &&
      !secureHashMatches(definition, context, queryParam(query, 'h'))
    ) {
      sendProblem(response, 403, 'the environment is in secure mode and the hash in "h" does not match', headers);
      return;
    }
    const data = await environment.read();
    if (data === undefined) {
      sendProblem(response, 503, 'the environment has no data yet', headers);
      return;
    }
    const bigSegments = await bigSegmentsFor(environment, data, context);
    const options = { audience, withReasons: true, ...(bigSegments === undefined ? {} : { bigSegments }) };
    await use({ data, context, options, chars: text.length });
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (error instanceof OfrepError) failed(error);
    else if (error instanceof BodyError) sendBodyError(response, error, headers);
    else if (error instanceof TooCostlyError) sendProblem(response, 413, error.message, headers);
    else if (error instanceof BusyError) sendProblem(response, 503, error.message, [...headers, 'Retry-After', '1']);
    else {
      if (!(error instanceof StoreError)) environment.logger.error('an evaluation failed', { error: describe(error) });
      sendProblem(response, 500, 'the flags cannot be read', headers);
    }
  } finally {
    body?.release();
  }
}

/** Bytes that the context will take; it is put together twice here. */
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
