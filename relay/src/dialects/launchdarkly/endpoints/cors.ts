import type { IncomingMessage } from 'node:http';
import { type CorsPolicy, createCors } from '../../../http/cors.ts';
import type { HeaderList } from '../../../http/reply.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';
import type { LaunchDarklyEnvironment } from '../outlet/outlet.ts';

const NONE: HeaderList = [];
/** Its spelling. */
export const ENVIRONMENT_ID = 'X-LD-EnvID';
const idHeaders = new WeakMap<EnvironmentDefinition, HeaderList>();

/** Tells the SDK its environment's id, for hooks and plugins, on every answer to a known credential (contract 11.3). The same list for the same definition. */
export function environmentIdHeader({ definition }: LaunchDarklyEnvironment): HeaderList {
  if (definition.envId === undefined || definition.envId === '') return NONE;
  let header = idHeaders.get(definition);
  if (header === undefined) {
    header = [ENVIRONMENT_ID, definition.envId];
    idHeaders.set(definition, header);
  }
  return header;
}

/** Request headers that browsers' SDKs send (contract 1.7; row 8 of section 14); ld-relay 8.10 does not know the last yet. */
const cors = createCors([
  'X-LaunchDarkly-User-Agent',
  'X-LaunchDarkly-Payload-ID',
  'X-LaunchDarkly-Wrapper',
  'X-LaunchDarkly-Event-Schema',
  'X-LaunchDarkly-Tags',
  'X-LaunchDarkly-Instance-Id',
]);

/** For paths that name no environment: the error text is readable by any page, so that the SDK sees the status. */
export const OPEN_POLICY: CorsPolicy = { allowedOrigins: [], allowedHeaders: [] };

let exposed: readonly string[] | undefined;
const widened = new WeakMap<CorsPolicy, CorsPolicy>();

/** Whether pages may read {@link ENVIRONMENT_ID}, as with ld-relay 9; ld-relay 8.10 lets them read `Date` alone. For the whole process. */
export function exposeEnvironmentId(on: boolean): void {
  exposed = on ? [ENVIRONMENT_ID] : undefined;
}

function exposing(policy: CorsPolicy): CorsPolicy {
  if (exposed === undefined || policy === OPEN_POLICY) return policy;
  let wide = widened.get(policy);
  if (wide === undefined) {
    const { allowedOrigins, allowedHeaders } = policy;
    wide = { allowedOrigins, allowedHeaders, exposedHeaders: exposed };
    widened.set(policy, wide);
  }
  return wide;
}

/**
 * CORS headers of a client-side route (contract 1.7), with `Vary: Origin`, which ld-relay forgets.
 * @param methods value of `Access-Control-Allow-Methods`
 */
export function corsHeaders(request: IncomingMessage, policy: CorsPolicy, methods: string): readonly string[] {
  return cors.headers(request, exposing(policy), methods);
}

/** The same for a stream: any origin, as ld-relay's streams answer and `EventSource` needs (contract 1.7). */
export function corsHeadersOfStream(policy: CorsPolicy, methods: string): readonly string[] {
  return cors.streamHeaders(exposing(policy), methods);
}
