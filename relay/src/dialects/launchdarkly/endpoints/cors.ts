import type { IncomingMessage } from 'node:http';
import { type CorsPolicy, createCors } from '../../../http/cors.ts';

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

/**
 * CORS headers of a client-side route (contract 1.7), with `Vary: Origin`, which ld-relay forgets.
 * @param methods value of `Access-Control-Allow-Methods`
 */
export function corsHeaders(request: IncomingMessage, policy: CorsPolicy, methods: string): readonly string[] {
  return cors.headers(request, policy, methods);
}

/** The same for a stream: any origin, as ld-relay's streams answer and `EventSource` needs (contract 1.7). */
export function corsHeadersOfStream(policy: CorsPolicy, methods: string): readonly string[] {
  return cors.streamHeaders(policy, methods);
}
