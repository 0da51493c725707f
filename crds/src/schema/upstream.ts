import * as z from 'zod';
import { httpUrl, int32, secretKeyRef } from './kubernetes.ts';
import { withRules } from './rules.ts';

const httpProxy = withRules(
  z.object({
    url: httpUrl('Address of the proxy, without credentials.'),
    credentialsRef: secretKeyRef('User name and password for the proxy, written `user:password`.').optional(),
  }),
  {
    cel: "!self.url.contains('@')",
    message: '`url` may not contain credentials; use `credentialsRef`',
    field: 'url',
    reason: 'FieldValueForbidden',
    check: ({ url }) => !url.includes('@'),
  },
).describe('HTTP proxy that connections to upstream go through.');

/** The services behind the relay. */
export const upstream = z
  .object({
    streamURI: httpUrl(
      'Base address of the streaming service. Defaults to LaunchDarkly. A relay can stream from another relay: use the address of its Service.',
    ).optional(),
    baseURI: httpUrl('Base address of the polling service. Defaults to LaunchDarkly.').optional(),
    clientSideBaseURI: httpUrl(
      'Base address of the polling service for client-side SDKs. Defaults to LaunchDarkly.',
    ).optional(),
    eventsURI: httpUrl(
      'Base address of the events service, used when `spec.events.enabled` is true. Defaults to LaunchDarkly.',
    ).optional(),
    initTimeoutSeconds: int32(1, 3600)
      .default(10)
      .describe('How long, in seconds, a starting relay waits for the first data of an environment. Default 10.'),
    onInitTimeout: z
      .enum(['Exit', 'Continue'])
      .default('Continue')
      .describe(
        'What happens when an environment has no data after `initTimeoutSeconds`. Continue keeps the process running, not ready, and retries; Exit ends it, so that Kubernetes restarts it. Default Continue.',
      ),
    disconnectedAfterSeconds: int32(0, 86_400)
      .default(60)
      .describe(
        'How long, in seconds, an interruption lasts before its environment counts as disconnected in `status` and in `/status`. Default 60.',
      ),
    httpProxy: httpProxy.optional(),
  })
  .describe('Where flag data comes from.');
