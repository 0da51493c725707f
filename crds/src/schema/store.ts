import * as z from 'zod';
import { int32, secretKeyRef } from './kubernetes.ts';
import { exactlyOneOf, withRules } from './rules.ts';

const redis = withRules(
  z.object({
    url: z
      .string()
      .max(2048)
      .describe('Address of the server, `redis://HOST:PORT/DATABASE` or `rediss://` for TLS, without credentials.')
      .optional(),
    urlRef: secretKeyRef('Address of the server, kept in a Secret; may contain credentials.').optional(),
    usernameRef: secretKeyRef('User name.').optional(),
    passwordRef: secretKeyRef('Password.').optional(),
    caRef: secretKeyRef('CA certificates (PEM) to verify the server with, instead of those of the system.').optional(),
    cachePolicy: z
      .enum(['Infinite', 'TTL'])
      .default('Infinite')
      .describe(
        'Infinite keeps all data in memory and continues to serve them when the store is lost; TTL reads an item again from the store after `cacheTTLSeconds`. Default Infinite.',
      ),
    cacheTTLSeconds: int32(1, 86_400)
      .describe('How long, in seconds, an item is served from memory. Only with `cachePolicy: TTL`, which needs it.')
      .optional(),
  }),
  exactlyOneOf('url', 'urlRef'),
  {
    // Here and not at `url`, where the API server would repeat the value, credentials and all.
    cel: "!has(self.url) || self.url.matches('^rediss?://[^@]+$')",
    message:
      '`url` must be a redis:// or rediss:// URL without credentials; use `usernameRef`, `passwordRef` or `urlRef`',
    field: 'url',
    check: ({ url }) => url === undefined || /^rediss?:\/\/[^@]+$/.test(url),
  },
  {
    cel: "(self.cachePolicy == 'TTL') == has(self.cacheTTLSeconds)",
    message: "`cacheTTLSeconds` must be set when, and only when, `cachePolicy` is 'TTL'",
    check: (redis) => (redis.cachePolicy === 'TTL') === (redis.cacheTTLSeconds !== undefined),
  },
).describe('Redis or a compatible server such as Valkey.');

/** The persistent store. */
export const store = z
  .object({ redis })
  .describe(
    'Persistent store of flag data, in the key layout of the LaunchDarkly Relay Proxy. Pods that start during an upstream outage serve from it, and SDKs can read it.',
  );
