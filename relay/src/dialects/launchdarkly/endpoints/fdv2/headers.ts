import type { IncomingMessage } from 'node:http';
import type { CorsPolicy } from '../../../../http/cors.ts';
import type { HeaderList } from '../../../../http/reply.ts';
import type { EnvironmentDefinition } from '../../model/definition.ts';
import type { LaunchDarklyEnvironment } from '../../outlet/outlet.ts';
import { corsHeaders } from '../cors.ts';

const NONE: HeaderList = [];
const ENVIRONMENT_ID = 'X-LD-EnvID';

/** Tells the SDK its environment's id, for hooks and plugins (contract 11.3). */
export function environmentIdHeader({ definition }: LaunchDarklyEnvironment): HeaderList {
  return definition.envId === undefined || definition.envId === '' ? NONE : [ENVIRONMENT_ID, definition.envId];
}

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
