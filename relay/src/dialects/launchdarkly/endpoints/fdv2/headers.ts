import type { IncomingMessage } from 'node:http';
import type { CorsPolicy } from '../../../../http/cors.ts';
import type { HeaderList } from '../../../../http/reply.ts';
import type { EnvironmentDefinition } from '../../model/definition.ts';
import { corsHeaders, ENVIRONMENT_ID } from '../cors.ts';

const policies = new WeakMap<EnvironmentDefinition, CorsPolicy>();

/** CORS of FDv2's client-side paths: as elsewhere (contract 1.7), but the credential may come in `Authorization`. */
export function clientCorsHeaders(
  request: IncomingMessage,
  definition: EnvironmentDefinition | undefined,
  methods: string,
): HeaderList {
  if (definition === undefined) return corsHeaders(request, UNKNOWN, methods);
  let policy = policies.get(definition);
  if (policy === undefined) {
    policy = widened(definition.allowedOrigins, definition.allowedHeaders);
    policies.set(definition, policy);
  }
  return corsHeaders(request, policy, methods);
}

function widened(allowedOrigins: readonly string[], allowedHeaders: readonly string[]): CorsPolicy {
  return {
    allowedOrigins,
    allowedHeaders: ['Authorization', ...allowedHeaders],
    exposedHeaders: [ENVIRONMENT_ID, 'ETag'],
  };
}

/** For requests that no environment is known for. */
const UNKNOWN = widened([], []);
