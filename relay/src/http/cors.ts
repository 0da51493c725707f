import type { IncomingMessage } from 'node:http';

/** What decides about CORS. */
export interface CorsPolicy {
  /** Empty = any origin. */
  readonly allowedOrigins: readonly string[];
  /** Request headers that pages may send beside those of every request. */
  readonly allowedHeaders: readonly string[];
  /** Response headers that a page may read beside `Date`. */
  readonly exposedHeaders?: readonly string[];
}

/** Request headers that every client may send. */
const EVERY_REQUEST = ['Cache-Control', 'Content-Type', 'Content-Length', 'Accept-Encoding'];

/** CORS headers for the clients of one protocol. */
export interface Cors {
  /**
   * Of an answer, with `Vary: Origin` (contract 1.7).
   * @param methods value of `Access-Control-Allow-Methods`
   */
  headers(request: IncomingMessage, policy: CorsPolicy, methods: string): readonly string[];
  /** Of a stream, but for the origin: any may read it, as `EventSource` needs. */
  streamHeaders(policy: CorsPolicy, methods: string): readonly string[];
}

/** Makes {@link Cors}. @param requestHeaders what the protocol's clients send beside what every request has */
export function createCors(requestHeaders: readonly string[]): Cors {
  const base = [...EVERY_REQUEST, ...requestHeaders].join(',');
  /** Lists that do not depend on the request: by policy, then by methods. */
  const fixedHeaders = new WeakMap<CorsPolicy, Map<string, readonly string[]>>();

  const fixed = (policy: CorsPolicy, methods: string): readonly string[] => {
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
        [base, ...policy.allowedHeaders].join(','),
        'Access-Control-Expose-Headers',
        ['Date', ...(policy.exposedHeaders ?? [])].join(','),
        'Vary',
        'Origin',
      ];
      byMethods.set(methods, headers);
    }
    return headers;
  };
  return {
    headers: (request, policy, methods) => [
      'Access-Control-Allow-Origin',
      allowedOrigin(request.headers.origin, policy),
      ...fixed(policy, methods),
    ],
    streamHeaders: fixed,
  };
}

/** The origin in the answer: the request's where it may read the answer, else the first configured one. */
function allowedOrigin(origin: string | undefined, policy: CorsPolicy): string {
  const { allowedOrigins } = policy;
  if (allowedOrigins.length === 0) return origin === undefined || origin === '' ? '*' : origin;
  return origin !== undefined && allowedOrigins.includes(origin) ? origin : allowedOrigins[0]!;
}
