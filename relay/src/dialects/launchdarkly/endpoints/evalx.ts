import type { IncomingMessage, ServerResponse } from 'node:http';
import { compress } from '../../../encoding/shared-body.ts';
import { StoreError } from '../../../errors.ts';
import { BodyError } from '../../../http/body.ts';
import { type ContextBodies, sendBodyError } from '../../../http/context-bodies.ts';
import { acceptsGzip } from '../../../http/negotiation.ts';
import { queryParam } from '../../../http/path.ts';
import { type HeaderList, sendAsciiJson, sendEmpty, sendJsonBytes, sendMessage } from '../../../http/reply.ts';
import { describe } from '../../../telemetry/describe.ts';
import type { Audience, BigSegments, CompiledData } from '../evaluation/compiled.ts';
import { TooCostlyError } from '../evaluation/pattern.ts';
import { BusyError, inTurns, LARGE_CONTEXT_CHARS } from '../evaluation/turns.ts';
import type { Context } from '../model/context.ts';
import type { LaunchDarklyEnvironment } from '../outlet/outlet.ts';
import type { Answer, AnswerCache, Question } from './answer-cache.ts';
import { answerTag, dataNumber } from './answer-tag.ts';
import { fetchBigSegments } from './big-segments.ts';
import { contextOfPath, countingContext, type ReceivedContext, withContextOfBody } from './context-request.ts';
import { SECURE_MODE_MESSAGE, secureHashMatches } from './secure-mode.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** Dependencies of the evaluation endpoints. */
export interface EvalxOptions {
  /** How contexts of REPORT are read. */
  readonly bodies: ContextBodies;
  /** Compress answers for clients that take it. */
  readonly compression: boolean;
  /** Answers that may be asked for again. */
  readonly answers: AnswerCache;
}

/** What a store says when it is read: at once, or later. */
type Read = CompiledData | undefined | Promise<CompiledData | undefined>;

/** Evaluates all flags for the context in the path or body (contract 1.4, 1.5, 1.8, 12.8). */
export function evalx(audience: Audience, options: EvalxOptions): EnvironmentHandler {
  return (request, response, selected) => {
    if (request.method === 'REPORT') {
      withContextOfBody(request, response, selected.cors, options.bodies, (received) => {
        const asked = { audience, options, request, response, selected, text: received.text };
        return answer(asked, received, readOf(selected.environment));
      }).catch((error: unknown) => failed(selected, response, error));
      return;
    }
    const asked = { audience, options, request, response, selected, text: selected.params[0] ?? '' };
    const read = readOf(selected.environment);
    // With the hash of secure mode, the context has to be known before it is answered.
    if (!isSecure(asked) && isAtHand(read) && sendKept(asked, read)) return;
    const received = contextOfPath(asked.text, response, selected.cors, options.bodies);
    if (received !== undefined) void answer(asked, received, read);
  };
}

/** One request, with the context as it was sent. */
interface Asked {
  readonly audience: Audience;
  readonly options: EvalxOptions;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly selected: Selected;
  readonly text: string;
}

/** What is thrown becomes a rejection, which only matters to who answers: a mistake in the request comes first. */
function readOf(environment: LaunchDarklyEnvironment): Read {
  let read: Read;
  try {
    read = environment.read();
  } catch (error) {
    read = Promise.reject(error);
  }
  if (read instanceof Promise) read.catch(() => undefined);
  return read;
}

function isSecure({ audience, selected }: Asked): boolean {
  return audience === 'browser' && selected.environment.definition.secureMode;
}

/** The common case: data in memory, and nothing to ask of anybody before they are evaluated. */
function isAtHand(read: Read): read is CompiledData {
  return read !== undefined && !(read instanceof Promise) && read.bigSegmentKinds.size === 0;
}

/** Smaller answers are not worth compressing. */
const MIN_GZIP_CHARS = 2048;
const GZIP_HEADERS: HeaderList = ['Content-Encoding', 'gzip', 'Vary', 'Accept-Encoding'];

/** Checks the hash of secure mode; answers 400 and returns false when it is wrong. */
export function passesSecureMode(response: ServerResponse, selected: Selected, context: Context): boolean {
  const { definition } = selected.environment;
  if (!definition.secureMode || secureHashMatches(definition, context, queryParam(selected.query, 'h'))) return true;
  sendMessage(response, 400, SECURE_MODE_MESSAGE, selected.cors);
  return false;
}

/** Resolves when the context is not used any more; undefined when that is now. */
function answer(asked: Asked, received: ReceivedContext, read: Read): Promise<void> | undefined {
  const { audience, options, request, response, selected } = asked;
  if (audience === 'browser' && !passesSecureMode(response, selected, received.context)) return undefined;
  // The common case stays free of promises and of everything that only big segments need.
  if (isAtHand(read) && !received.context.keyless && received.text.length <= LARGE_CONTEXT_CHARS) {
    try {
      answerNow(asked, received, read);
    } catch (error) {
      failed(selected, response, error);
    }
    return undefined;
  }
  const work = async (): Promise<void> => evaluate(asked, received, await read);
  const answering = request.method === 'REPORT' ? work() : countingContext(response, options.bodies, received, work);
  return answering.catch((error: unknown) => failed(selected, response, error));
}

/** Sends an answer that was kept; false when there is none. */
function sendKept(asked: Asked, data: CompiledData): boolean {
  const { options, selected } = asked;
  const kept = options.answers.find(selected.environment, questionOf(asked, data));
  if (kept !== undefined) sendAnswer(asked, kept);
  return kept !== undefined;
}

function answerNow(asked: Asked, { context, text }: ReceivedContext, data: CompiledData): void {
  const { audience, options, request, response, selected } = asked;
  const { environment, cors } = selected;
  // The others were looked for before the context was parsed.
  if ((request.method === 'REPORT' || isSecure(asked)) && sendKept(asked, data)) return;
  const question = questionOf(asked, data);
  const tag = answerTag(data, audience, question.withReasons, text);
  const headers = ['ETag', tag, ...cors];
  if (request.headers['if-none-match'] === tag) {
    sendEmpty(response, 304, headers);
    return;
  }
  const body = data.evaluateInParts(context, question);
  const kept = options.answers.offer(environment, question, tag, body);
  if (kept === undefined) sendBody(options, request, response, body, headers);
  else sendAnswer(asked, kept);
}

function questionOf({ audience, selected: { query }, text }: Asked, data: CompiledData): Question {
  const withReasons = query !== '' && queryParam(query, 'withReasons') === 'true';
  return { data: dataNumber(data), audience, withReasons, text };
}

function sendAnswer({ options, request, response, selected }: Asked, answer: Answer): void {
  const headers = ['ETag', answer.tag, ...selected.cors];
  if (request.headers['if-none-match'] === answer.tag) {
    sendEmpty(response, 304, headers);
  } else if (!options.compression || answer.body.length < MIN_GZIP_CHARS || !acceptsGzip(request)) {
    sendJsonBytes(response, answer.body, headers);
  } else if (answer.gzip !== undefined) {
    sendJsonBytes(response, answer.gzip, [...GZIP_HEADERS, ...headers]);
  } else {
    compress(answer.body).then(
      (bytes) => {
        options.answers.compressed(answer, bytes);
        sendJsonBytes(response, bytes, [...GZIP_HEADERS, ...headers]);
      },
      () => sendJsonBytes(response, answer.body, headers),
    );
  }
}

async function evaluate(
  asked: Asked,
  { context, text }: ReceivedContext,
  data: CompiledData | undefined,
): Promise<void> {
  const { audience, options, request, response } = asked;
  const { environment, cors, query } = asked.selected;
  if (data === undefined) {
    sendMessage(response, 503, 'Service not initialized', cors);
    return;
  }
  if (context.keyless) {
    sendMessage(response, 400, "User must have a 'key' attribute", cors);
    return;
  }
  const bigSegments = await bigSegmentsFor(environment, data, context);
  const withReasons = queryParam(query, 'withReasons') === 'true';
  const evaluation = { audience, withReasons, ...(bigSegments === undefined ? {} : { bigSegments }) };
  if (text.length <= LARGE_CONTEXT_CHARS) {
    sendBody(options, request, response, data.evaluateInParts(context, evaluation), cors);
    return;
  }
  // With big segments there is no tag: what is in them does not show in it.
  const tag = data.bigSegmentKinds.size === 0 ? answerTag(data, audience, withReasons, text) : undefined;
  const headers = tag === undefined ? cors : ['ETag', tag, ...cors];
  if (tag !== undefined && request.headers['if-none-match'] === tag) {
    sendEmpty(response, 304, headers);
    return;
  }
  const body = await inTurns(
    environment,
    text.length,
    () => data.evaluateInSteps(context, evaluation),
    () => !response.destroyed,
  );
  if (body !== undefined) sendBody(options, request, response, body, headers);
}

/** What the big-segment store says about a context; undefined when there is none or nothing needs it. */
export function bigSegmentsFor(
  environment: LaunchDarklyEnvironment,
  data: CompiledData,
  context: Context,
): Promise<BigSegments> | undefined {
  if (data.bigSegmentKinds.size === 0 || environment.outlet.bigSegments === undefined) return undefined;
  return fetchBigSegments(environment.outlet.bigSegments, data.bigSegmentKinds, context);
}

function sendBody(
  options: EvalxOptions,
  request: IncomingMessage,
  response: ServerResponse,
  body: readonly string[],
  headers: HeaderList,
): void {
  if (!options.compression || (body.length === 1 && body[0]!.length < MIN_GZIP_CHARS) || !acceptsGzip(request)) {
    sendAsciiJson(response, body, headers);
    return;
  }
  compress(body.join('')).then(
    (bytes) => sendJsonBytes(response, bytes, [...GZIP_HEADERS, ...headers]),
    () => sendAsciiJson(response, body, headers),
  );
}

/** Text of the 500 while the store cannot be read. ld-relay says what failed, which names the store's address. */
export const STORE_FAILED = 'Error fetching flags from feature store: it cannot be read';

/** Answers an evaluation that is not done because it would cost the others too much; false for every other error. */
export function sendRefusal(response: ServerResponse, error: unknown, headers: HeaderList): boolean {
  if (error instanceof TooCostlyError) {
    sendMessage(response, 413, error.message, headers);
  } else if (error instanceof BusyError) {
    sendMessage(response, 503, error.message, [...headers, 'Retry-After', '1']);
  } else {
    return false;
  }
  return true;
}

function failed({ environment, cors }: Selected, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof BodyError) {
    sendBodyError(response, error, cors);
    return;
  }
  if (error instanceof StoreError) {
    environment.logger.debug('the store could not be read for an evaluation', { error: error.message });
    sendMessage(response, 500, STORE_FAILED, cors);
    return;
  }
  if (sendRefusal(response, error, cors)) return;
  environment.logger.error('an evaluation failed', {
    error: describe(error),
  });
  sendMessage(response, 500, 'Internal error', cors);
}
