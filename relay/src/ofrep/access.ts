import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CorsPolicy, corsHeaders } from '../dialects/launchdarkly/endpoints/cors.ts';
import { AWAITED_HEADERS } from '../dialects/launchdarkly/endpoints/select.ts';
import type { Audience } from '../dialects/launchdarkly/evaluation/compiled.ts';
import type { EnvironmentDefinition } from '../environment/definition.ts';
import type { Environment } from '../environment/environment.ts';
import type { Lookup, Registry } from '../environment/registry.ts';
import { queryParam } from '../http/path.ts';
import { type HeaderList, sendEmpty, sendJson } from '../http/reply.ts';
import { opensFor } from '../http/response.ts';
import type { Handler } from '../http/router.ts';

/** A request whose credential opened an environment. */
export interface OfrepRequest {
  readonly environment: Environment;
  readonly audience: Audience;
  readonly params: readonly string[];
  readonly query: string;
  /** CORS, for every answer. */
  readonly headers: HeaderList;
}

/** Answers an OFREP request. */
export type OfrepHandler = (request: IncomingMessage, response: ServerResponse, given: OfrepRequest) => void;

const METHODS = 'POST,OPTIONS';
/** What each kind of key may see. */
const AUDIENCES = { sdk: 'server', mobile: 'mobile', env: 'browser' } as const;
const KINDS = ['sdk', 'mobile', 'env'] as const;

/**
 * Picks the environment by `Authorization: Bearer KEY` or `X-API-Key: KEY`: an SDK key sees all flags, a mobile key or
 * client-side ID those for its kind of client.
 */
export function byOfrepCredential(registry: Registry, handler: OfrepHandler): Handler {
  return (request, response, { params, query }) => {
    const { lookup, audience } = lookUp(registry, request, query);
    if (lookup.found) {
      const { environment } = lookup;
      opensFor(response, environment, audience);
      const headers = cors(request, environment.definition);
      handler(request, response, { environment, audience, params, query, headers });
      return;
    }
    const headers = cors(request, undefined);
    request.resume();
    if (lookup.reason === 'unknown') sendEmpty(response, 401, headers);
    else if (lookup.reason === 'unknown-filter')
      sendProblem(response, 404, 'the payload filter was not found', headers);
    else if (lookup.reason === 'awaited') {
      sendProblem(response, 503, 'the relay waits for the keys of its environments', [...headers, ...AWAITED_HEADERS]);
    } else sendProblem(response, 503, 'the relay is starting', headers);
  };
}

/** Answers a preflight, which comes without credentials. */
export const ofrepPreflight: Handler = (request, response) => sendEmpty(response, 200, cors(request, undefined));

/** A failure that is not about a flag or context. */
export function sendProblem(response: ServerResponse, status: number, errorDetails: string, headers: HeaderList): void {
  sendJson(response, status, JSON.stringify({ errorDetails }), headers);
}

function lookUp(
  registry: Registry,
  request: IncomingMessage,
  query: string,
): { readonly lookup: Lookup; readonly audience: Audience } {
  const key = keyOf(request);
  if (key === undefined) return { lookup: { found: false, reason: 'unknown' }, audience: 'browser' };
  const { lookup, kind } = registry.lookupAny(KINDS, key, queryParam(query, 'filter'));
  return { lookup, audience: AUDIENCES[kind ?? 'env'] };
}

function keyOf({ headers }: IncomingMessage): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const apiKey = headers['x-api-key'];
  return bearer ?? (typeof apiKey === 'string' && apiKey !== '' ? apiKey : undefined);
}

const policies = new WeakMap<EnvironmentDefinition, CorsPolicy>();
const UNKNOWN = widened([], []);

function cors(request: IncomingMessage, definition: EnvironmentDefinition | undefined): HeaderList {
  if (definition === undefined) return corsHeaders(request, UNKNOWN, METHODS);
  let policy = policies.get(definition);
  if (policy === undefined) {
    policy = widened(definition.allowedOrigins, definition.allowedHeaders);
    policies.set(definition, policy);
  }
  return corsHeaders(request, policy, METHODS);
}

function widened(allowedOrigins: readonly string[], allowedHeaders: readonly string[]): CorsPolicy {
  return {
    allowedOrigins,
    allowedHeaders: ['Authorization', 'X-API-Key', 'If-None-Match', ...allowedHeaders],
    exposedHeaders: ['ETag', 'Retry-After'],
  };
}
