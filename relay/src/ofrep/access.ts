import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EvaluationSession, Evaluations } from '../environment/evaluator.ts';
import type { NotFound } from '../environment/registry.ts';
import { type CorsPolicy, createCors } from '../http/cors.ts';
import { queryParam } from '../http/path.ts';
import { type HeaderList, sendEmpty, sendJson } from '../http/reply.ts';
import { opensFor } from '../http/response.ts';
import type { Handler } from '../http/router.ts';

/** A request whose credential opened an environment. */
export interface OfrepRequest {
  readonly session: EvaluationSession;
  readonly params: readonly string[];
  readonly query: string;
  /** CORS, for every answer. */
  readonly headers: HeaderList;
}

/** Answers an OFREP request. */
export type OfrepHandler = (request: IncomingMessage, response: ServerResponse, given: OfrepRequest) => void;

const METHODS = 'POST,OPTIONS';
/** Kubernetes brings a Secret to a running pod within about a minute. */
const AWAITED_HEADERS: HeaderList = ['Retry-After', '10'];

/** Picks the environment by `Authorization: Bearer KEY` or `X-API-Key: KEY`. */
export function byOfrepCredential(evaluations: Evaluations, handler: OfrepHandler): Handler {
  return (request, response, { params, query }) => {
    const session = sessionOf(evaluations, request, query);
    if (!('reason' in session)) {
      opensFor(response, session.owner, session.isPublic);
      handler(request, response, { session, params, query, headers: corsHeaders(request, session.cors) });
      return;
    }
    const headers = corsHeaders(request, undefined);
    request.resume();
    if (session.reason === 'unknown') sendEmpty(response, 401, headers);
    else if (session.reason === 'unknown-filter')
      sendProblem(response, 404, 'the payload filter was not found', headers);
    else if (session.reason === 'awaited') {
      sendProblem(response, 503, 'the relay waits for the keys of its environments', [...headers, ...AWAITED_HEADERS]);
    } else sendProblem(response, 503, 'the relay is starting', headers);
  };
}

/** Answers a preflight, which comes without credentials. */
export const ofrepPreflight: Handler = (request, response) => sendEmpty(response, 200, corsHeaders(request, undefined));

/** A failure that is not about a flag or context. */
export function sendProblem(response: ServerResponse, status: number, errorDetails: string, headers: HeaderList): void {
  sendJson(response, status, JSON.stringify({ errorDetails }), headers);
}

function sessionOf(evaluations: Evaluations, request: IncomingMessage, query: string): EvaluationSession | NotFound {
  const key = keyOf(request);
  if (key === undefined) return { found: false, reason: 'unknown' };
  return evaluations.open(key, queryParam(query, 'filter'));
}

function keyOf({ headers }: IncomingMessage): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const apiKey = headers['x-api-key'];
  return bearer ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined);
}

const cors = createCors([]);
const policies = new WeakMap<EvaluationSession['cors'], CorsPolicy>();
const UNKNOWN = widened([], []);

function corsHeaders(request: IncomingMessage, allowed: EvaluationSession['cors'] | undefined): HeaderList {
  if (allowed === undefined) return cors.headers(request, UNKNOWN, METHODS);
  let policy = policies.get(allowed);
  if (policy === undefined) {
    policy = widened(allowed.allowedOrigins, allowed.allowedHeaders);
    policies.set(allowed, policy);
  }
  return cors.headers(request, policy, METHODS);
}

function widened(allowedOrigins: readonly string[], allowedHeaders: readonly string[]): CorsPolicy {
  return {
    allowedOrigins,
    allowedHeaders: ['Authorization', 'X-API-Key', 'If-None-Match', ...allowedHeaders],
    exposedHeaders: ['ETag', 'Retry-After'],
  };
}
