import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EvaluationSession, Evaluations } from '../environment/evaluator.ts';
import type { NotFound } from '../environment/registry.ts';
import { type CorsPolicy, createCors } from '../http/cors.ts';
import { queryParam } from '../http/path.ts';
import { type HeaderList, sendEmpty, sendJson } from '../http/reply.ts';
import { opensFor } from '../http/response.ts';
import type { Handler } from '../http/router.ts';
import { ofrepFailure } from './result.ts';

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
/** Names of headers that a preflight allows are no longer than this together, in characters. */
const MAX_ALLOWED_CHARS = 4096;
/** Kubernetes brings a Secret to a running pod within about a minute. */
const AWAITED_HEADERS: HeaderList = ['Retry-After', '10'];

/** Picks the environment by `Authorization: Bearer KEY` or `X-API-Key: KEY`. */
export function byOfrepCredential(evaluations: Evaluations, handler: OfrepHandler): Handler {
  return (request, response, { params, query }) => {
    const session = sessionOf(evaluations, request, query);
    if (!('reason' in session)) {
      opensFor(response, session.owner, session.isPublic);
      handler(request, response, {
        session,
        params,
        query,
        headers: [...session.headers, ...corsHeaders(request, session.cors)],
      });
      return;
    }
    const headers = corsHeaders(request, undefined);
    request.resume();
    if (session.reason === 'unknown') {
      sendProblem(response, 401, 'the credential is missing or not known to this relay', headers);
    } else if (session.reason === 'unknown-filter') {
      const problem = 'the payload filter was not found';
      if (params[0] === undefined) sendProblem(response, 404, problem, headers);
      else sendJson(response, 404, ofrepFailure(params[0], 'FLAG_NOT_FOUND', problem).json, headers);
    } else if (session.reason === 'awaited') {
      sendProblem(response, 503, 'the relay waits for the keys of its environments', [...headers, ...AWAITED_HEADERS]);
    } else sendProblem(response, 503, 'the relay is starting', headers);
  };
}

/** Answers a preflight, which comes without credentials: with the headers that any environment allows. */
export function ofrepPreflight(evaluations: Evaluations, methods: string): Handler {
  return (request, response) => {
    const allowed = new Set<string>();
    let chars = 0;
    for (const name of evaluations.allowedHeaders()) {
      if (allowed.has(name)) continue;
      chars += name.length + 1;
      if (chars > MAX_ALLOWED_CHARS) break;
      allowed.add(name);
    }
    const policy = allowed.size === 0 ? UNKNOWN : widened([], [...allowed]);
    sendEmpty(response, 200, cors.headers(request, policy, methods));
  };
}

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
