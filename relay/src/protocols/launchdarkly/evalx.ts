import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Environment } from '../../environment/environment.ts';
import type { Audience, BigSegments, CompiledData } from '../../evaluation/compiled.ts';
import { acceptsGzip } from '../../http/negotiation.ts';
import { endSoon } from '../../http/outbox.ts';
import { queryParam } from '../../http/path.ts';
import { type HeaderList, sendAsciiJson, sendEmpty, sendMessage } from '../../http/reply.ts';
import { compress } from '../../http/shared-body.ts';
import type { Context } from '../../model/context.ts';
import { StoreError } from '../../store/store.ts';
import { describe } from '../../telemetry/describe.ts';
import { answerTag } from './answer-tag.ts';
import { fetchBigSegments } from './big-segments.ts';
import { contextOfBody, contextOfPath, type ReceivedContext } from './context-request.ts';
import { SECURE_MODE_MESSAGE, secureHashMatches } from './secure-mode.ts';
import type { EnvironmentHandler, Selected } from './select.ts';

/** What the evaluation endpoints need. */
export interface EvalxOptions {
  /** Bytes a REPORT body may have. */
  readonly maxBodyBytes: number;
  /** Compress answers for clients that take it. */
  readonly compression: boolean;
}

/** Smaller answers are not worth compressing. */
const MIN_GZIP_CHARS = 2048;

/** Evaluates all flags for the context in the path or body (contract 1.4, 1.5, 1.8, 12.8). */
export function evalx(audience: Audience, options: EvalxOptions): EnvironmentHandler {
  return (request, response, selected) => {
    if (request.method === 'REPORT') {
      void contextOfBody(request, response, selected.cors, options.maxBodyBytes)
        .then((received) => {
          if (received !== undefined) answer(audience, options, request, response, selected, received);
        })
        .catch((error: unknown) => failed(selected, response, error));
      return;
    }
    const received = contextOfPath(selected.params[0] ?? '', response, selected.cors);
    if (received !== undefined) answer(audience, options, request, response, selected, received);
  };
}

/** Checks the hash of secure mode; answers 400 and returns false when it is wrong. */
export function passesSecureMode(response: ServerResponse, selected: Selected, context: Context): boolean {
  const { definition } = selected.environment;
  if (!definition.secureMode || secureHashMatches(definition, context, queryParam(selected.query, 'h'))) return true;
  sendMessage(response, 400, SECURE_MODE_MESSAGE, selected.cors);
  return false;
}

function answer(
  audience: Audience,
  options: EvalxOptions,
  request: IncomingMessage,
  response: ServerResponse,
  selected: Selected,
  received: ReceivedContext,
): void {
  const { environment, cors, query } = selected;
  if (audience === 'browser' && !passesSecureMode(response, selected, received.context)) return;
  try {
    const data = environment.read();
    if (data instanceof Promise) {
      data
        .then((read) => evaluate(audience, options, request, response, selected, received, read))
        .catch((error: unknown) => failed(selected, response, error));
      return;
    }
    // The common case stays free of promises and of everything that only big segments need.
    if (data !== undefined && data.bigSegmentKinds.size === 0 && !received.context.keyless) {
      const withReasons = query !== '' && queryParam(query, 'withReasons') === 'true';
      const tag = answerTag(data, audience, withReasons, received.text);
      if (request.headers['if-none-match'] === tag) sendEmpty(response, 304, ['ETag', tag, ...cors]);
      else {
        const body = data.evaluateInParts(received.context, { audience, withReasons });
        sendBody(options, request, response, body, ['ETag', tag, ...cors]);
      }
      return;
    }
    void evaluate(audience, options, request, response, selected, received, data).catch((error: unknown) =>
      failed(selected, response, error),
    );
  } catch (error) {
    failed(selected, response, error);
  }
}

async function evaluate(
  audience: Audience,
  options: EvalxOptions,
  request: IncomingMessage,
  response: ServerResponse,
  { environment, cors, query }: Selected,
  { context }: ReceivedContext,
  data: CompiledData | undefined,
): Promise<void> {
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
  const body = data.evaluateInParts(context, {
    audience,
    withReasons,
    ...(bigSegments === undefined ? {} : { bigSegments }),
  });
  sendBody(options, request, response, body, cors);
}

/** What the big-segment store says about a context; undefined when there is none or nothing needs it. */
export function bigSegmentsFor(
  environment: Environment,
  data: CompiledData,
  context: Context,
): Promise<BigSegments> | undefined {
  if (data.bigSegmentKinds.size === 0 || environment.bigSegments === undefined) return undefined;
  return fetchBigSegments(environment.bigSegments, data.bigSegmentKinds, context);
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
    (bytes) => {
      response.writeHead(200, [
        'Content-Type',
        'application/json',
        'Content-Encoding',
        'gzip',
        'Vary',
        'Accept-Encoding',
        ...headers,
        'Content-Length',
        String(bytes.length),
      ]);
      endSoon(response, bytes);
    },
    () => sendAsciiJson(response, body, headers),
  );
}

function failed({ environment, cors }: Selected, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof StoreError) {
    sendMessage(response, 500, `Error fetching flags from feature store: ${error.message}`, cors);
    return;
  }
  environment.logger.error('an evaluation failed', {
    error: describe(error),
  });
  sendMessage(response, 500, 'Internal error', cors);
}
