import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialDigest } from '../../../environment/definition.ts';
import type { NotFound, Registry } from '../../../environment/registry.ts';
import { queryParam } from '../../../http/path.ts';
import { type HeaderList, sendEmpty, sendText } from '../../../http/reply.ts';
import { opensFor } from '../../../http/response.ts';
import type { Handler } from '../../../http/router.ts';
import type { LaunchDarkly, LaunchDarklyEnvironment, Platform } from '../outlet/outlet.ts';
import { corsHeaders, environmentIdHeader, OPEN_POLICY } from './cors.ts';

/** A request whose credential opened an environment. */
export interface Selected {
  readonly environment: LaunchDarklyEnvironment;
  readonly credential: CredentialDigest;
  readonly platform: Platform;
  /** Path parameters behind the environment id, decoded. */
  readonly params: readonly string[];
  readonly query: string;
  /** Headers of every answer: the environment's id, and those of CORS on client-side routes. */
  readonly cors: HeaderList;
  /** Value of `Access-Control-Allow-Methods` on client-side routes, else empty. */
  readonly methods: string;
}

/** Answers a request for an environment. */
export type EnvironmentHandler = (request: IncomingMessage, response: ServerResponse, selected: Selected) => void;

const NONE: HeaderList = [];
/** Text of the 401 for a key that opens nothing (contract 1.2). */
export const UNKNOWN_CREDENTIAL =
  'Relay Proxy does not recognize the client credential (missing or invalid Authorization header)';
const UNKNOWN_FILTER = 'Relay Proxy recognizes the provided credential, but the payload filter was not found';
const NO_LIST = 'Relay Proxy is not yet fully initialized, does not have list of environments yet';
const STARTING = 'client was not initialized';
const AWAITED = 'Relay Proxy has not been given the keys of all its environments yet';
/** Kubernetes brings a Secret to a running pod within about a minute. */
export const AWAITED_HEADERS: HeaderList = ['Retry-After', '10'];
const UNKNOWN_ENVIRONMENT = 'URL did not contain an environment ID';

/** Picks the environment by the key in `Authorization` (contract 1.2). */
export function byKey(registry: Registry<LaunchDarkly>, kind: 'sdk' | 'mobile', handler: EnvironmentHandler): Handler {
  const platform = kind === 'sdk' ? 'server' : 'mobile';
  return (request, response, { params, query }) => {
    const key = keyOf(request.headers.authorization);
    if (key === undefined) {
      sendEmpty(response, 401);
      return;
    }
    const result = registry.lookup(kind, key, queryParam(query, 'filter'));
    if (!result.found) refuse(response, result, 401, UNKNOWN_CREDENTIAL, NONE);
    else {
      const { environment, credential } = result;
      opensFor(response, environment, platform !== 'server');
      const cors = environmentIdHeader(environment);
      handler(request, response, { environment, credential, platform, params, query, cors, methods: '' });
    }
  };
}

/**
 * Picks the environment by the client-side ID that is the path's first parameter, and prepares the CORS headers. They are
 * sent with errors, too: without them a browser hides the status from the SDK (contract 1.7, row 7 of section 14).
 */
export function byEnvironmentId(
  registry: Registry<LaunchDarkly>,
  methods: string,
  handler: EnvironmentHandler,
): Handler {
  return (request, response, { params, query }) => {
    const result = registry.lookup('env', params[0] ?? '', queryParam(query, 'filter'));
    if (!result.found) {
      const cors = corsHeaders(request, OPEN_POLICY, methods);
      // A browser's preflight that fails hides the answer to the request behind it, and its SDK reports a network that is down.
      const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
      if (preflight) sendEmpty(response, 200, cors);
      else refuse(response, result, 404, UNKNOWN_ENVIRONMENT, cors);
      return;
    }
    const { environment, credential } = result;
    const cors = [...corsHeaders(request, environment.definition, methods), ...environmentIdHeader(environment)];
    const platform = 'browser';
    opensFor(response, environment, true);
    handler(request, response, { environment, credential, platform, params: params.slice(1), query, cors, methods });
  };
}

/**
 * The key in an `Authorization` header; undefined for what is answered with a bare 401: missing, empty, or with a space
 * in it, such as `Bearer x`. `api_key ` in front is accepted (contract 1.2).
 */
export function keyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = header.startsWith('api_key ') ? header.slice('api_key '.length).trim() : header;
  return key === '' || key.includes(' ') ? undefined : key;
}

/** Answers a request whose credential opened no environment (contract 1.2); `unknown*` say how an unknown one is answered. */
export function refuse(
  response: ServerResponse,
  lookup: NotFound,
  unknownStatus: number,
  unknownText: string,
  headers: HeaderList,
): void {
  switch (lookup.reason) {
    case 'unknown':
      sendText(response, unknownStatus, unknownText, headers);
      return;
    case 'unknown-filter':
      sendText(response, 404, UNKNOWN_FILTER, headers);
      return;
    case 'no-list':
      sendText(response, 503, NO_LIST, headers);
      return;
    case 'awaited':
      sendText(response, 503, AWAITED, [...headers, ...AWAITED_HEADERS]);
      return;
    case 'starting':
      sendText(response, 503, STARTING, headers);
  }
}
