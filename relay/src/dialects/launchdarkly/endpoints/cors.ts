import type { IncomingMessage } from 'node:http';
import type { EnvironmentDefinition } from '../../../environment/definition.ts';

/** Request headers that browsers' SDKs send (contract 1.7; row 8 of section 14); ld-relay 8.10 does not know the last yet. */
const ALLOWED_HEADERS = [
  'Cache-Control',
  'Content-Type',
  'Content-Length',
  'Accept-Encoding',
  'X-LaunchDarkly-User-Agent',
  'X-LaunchDarkly-Payload-ID',
  'X-LaunchDarkly-Wrapper',
  'X-LaunchDarkly-Event-Schema',
  'X-LaunchDarkly-Tags',
  'X-LaunchDarkly-Instance-Id',
].join(',');

/** The parts of an environment that decide about CORS. */
export type CorsPolicy = Pick<EnvironmentDefinition, 'allowedOrigins' | 'allowedHeaders'> & {
  /** Response headers that a page may read beside `Date`. */
  readonly exposedHeaders?: readonly string[];
};

/** For paths that name no environment: the error text is readable by any page, so that the SDK sees the status. */
export const OPEN_POLICY: CorsPolicy = { allowedOrigins: [], allowedHeaders: [] };

/** Lists that do not depend on the request: by policy, then by methods. */
const fixedHeaders = new WeakMap<CorsPolicy, Map<string, readonly string[]>>();

/**
 * CORS headers of a client-side route (contract 1.7), with `Vary: Origin`, which ld-relay forgets.
 * @param methods value of `Access-Control-Allow-Methods`
 */
export function corsHeaders(request: IncomingMessage, policy: CorsPolicy, methods: string): readonly string[] {
  return ['Access-Control-Allow-Origin', allowedOrigin(request.headers.origin, policy), ...fixed(policy, methods)];
}

/** The same for a stream: any origin, as ld-relay's streams answer and `EventSource` needs (contract 1.7). */
export function corsHeadersOfStream(policy: CorsPolicy, methods: string): readonly string[] {
  return fixed(policy, methods);
}

/** The origin that is told: the request's where it may read the answer, else the first configured one. */
function allowedOrigin(origin: string | undefined, policy: CorsPolicy): string {
  const { allowedOrigins } = policy;
  if (allowedOrigins.length === 0) return origin === undefined || origin === '' ? '*' : origin;
  return origin !== undefined && allowedOrigins.includes(origin) ? origin : allowedOrigins[0]!;
}

function fixed(policy: CorsPolicy, methods: string): readonly string[] {
  let byMethods = fixedHeaders.get(policy);
  if (byMethods === undefined) {
    byMethods = new Map();
    fixedHeaders.set(policy, byMethods);
  }
  let headers = byMethods.get(methods);
  if (headers === undefined) {
    headers = [
      'Access-Control-Allow-Credentials',
      'false',
      'Access-Control-Max-Age',
      '300',
      'Access-Control-Allow-Methods',
      methods,
      'Access-Control-Allow-Headers',
      [ALLOWED_HEADERS, ...policy.allowedHeaders].join(','),
      'Access-Control-Expose-Headers',
      ['Date', ...(policy.exposedHeaders ?? [])].join(','),
      'Vary',
      'Origin',
    ];
    byMethods.set(methods, headers);
  }
  return headers;
}
