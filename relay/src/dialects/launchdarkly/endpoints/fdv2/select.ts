import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lookup, Registry } from '../../../../environment/registry.ts';
import { queryParam } from '../../../../http/path.ts';
import { type HeaderList, sendEmpty } from '../../../../http/reply.ts';
import { opensFor } from '../../../../http/response.ts';
import type { Handler } from '../../../../http/router.ts';
import type { Audience } from '../../evaluation/compiled.ts';
import type { LaunchDarkly } from '../../outlet/outlet.ts';
import { environmentIdHeader } from '../cors.ts';
import { keyOf, refuse, type Selected, UNKNOWN_CREDENTIAL } from '../select.ts';
import { clientCorsHeaders } from './headers.ts';

/** A client-side request whose credential opened an environment. */
export interface ClientSelected extends Selected {
  /** A mobile key or a client-side ID: decides what the client may see. */
  readonly audience: Exclude<Audience, 'server'>;
  /** For every answer: CORS and the environment's id. */
  readonly headers: HeaderList;
}

/** Answers a client-side request for an environment. */
export type ClientHandler = (request: IncomingMessage, response: ServerResponse, selected: ClientSelected) => void;

/**
 * Picks the environment by a mobile key or client-side ID in `Authorization` or, for clients that cannot set headers on a
 * stream, in the query's `auth` (contract 11.3). A server-side SDK key opens nothing here: these paths are for apps.
 */
export function byClientCredential(registry: Registry<LaunchDarkly>, methods: string, handler: ClientHandler): Handler {
  return (request, response, { params, query }) => {
    const key = credentialOf(request, query);
    const { audience, lookup } = lookUp(registry, key, query);
    if (!lookup.found) {
      const headers = clientCorsHeaders(request, undefined, methods);
      if (key === undefined) sendEmpty(response, 401, headers);
      else refuse(response, lookup, 401, UNKNOWN_CREDENTIAL, headers);
      return;
    }
    const { environment, credential } = lookup;
    opensFor(response, environment, true);
    const cors = clientCorsHeaders(request, environment.definition, methods);
    const headers = [...cors, ...environmentIdHeader(environment)];
    handler(request, response, {
      environment,
      credential,
      platform: audience,
      params,
      query,
      cors,
      methods,
      audience,
      headers,
    });
  };
}

/**
 * Answers a preflight. A browser sends it without `Authorization`, so it may not be known which environment it is for:
 * then any origin may go on to ask, and reads the answer to that.
 */
export function clientPreflight(registry: Registry<LaunchDarkly>, methods: string): Handler {
  return (request, response, { query }) => {
    const { lookup } = lookUp(registry, credentialOf(request, query), query);
    const definition = lookup.found ? lookup.environment.definition : undefined;
    sendEmpty(response, 200, clientCorsHeaders(request, definition, methods));
  };
}

function credentialOf(request: IncomingMessage, query: string): string | undefined {
  return keyOf(request.headers.authorization ?? queryParam(query, 'auth'));
}

function lookUp(
  registry: Registry<LaunchDarkly>,
  key: string | undefined,
  query: string,
): { readonly lookup: Lookup<LaunchDarkly>; readonly audience: ClientSelected['audience'] } {
  if (key === undefined) return { lookup: { found: false, reason: 'unknown' }, audience: 'browser' };
  const { lookup, scope } = registry.lookupAny(['mobile', 'env'], key, queryParam(query, 'filter'));
  return { lookup, audience: scope === 'mobile' ? 'mobile' : 'browser' };
}
