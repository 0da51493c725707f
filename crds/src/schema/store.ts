import * as z from 'zod';
import { httpUrl, int32, secretKeyRef } from './kubernetes.ts';
import { exactlyOneOf, type Rule, withRules } from './rules.ts';

/** How long data are served from memory, whatever the database. */
const caching = {
  cachePolicy: z
    .enum(['Infinite', 'TTL'])
    .default('Infinite')
    .describe(
      'Infinite keeps all data in memory and continues to serve them when the store is lost; TTL reads an item again from the store after `cacheTTLSeconds`. Default Infinite.',
    ),
  cacheTTLSeconds: int32(1, 86_400)
    .describe('How long, in seconds, an item is served from memory. Only with `cachePolicy: TTL`, which needs it.')
    .optional(),
};

const ttlWithSeconds: Rule<{ readonly cachePolicy: string; readonly cacheTTLSeconds?: number | undefined }> = {
  cel: "(self.cachePolicy == 'TTL') == has(self.cacheTTLSeconds)",
  message: "`cacheTTLSeconds` must be set when, and only when, `cachePolicy` is 'TTL'",
  check: ({ cachePolicy, cacheTTLSeconds }) => (cachePolicy === 'TTL') === (cacheTTLSeconds !== undefined),
};

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
    ...caching,
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
  ttlWithSeconds,
).describe('Redis or a compatible server such as Valkey.');

/** Name of a DynamoDB table. */
export const tableName = z.string().min(3).max(255);

const dynamodb = withRules(
  z.object({
    tableName: tableName
      .describe(
        'Table of the environments that have none of their own. It must exist, with the partition key `namespace` and the sort key `key`, both strings.',
      )
      .optional(),
    region: z
      .string()
      .min(1)
      .max(64)
      .describe(
        'AWS region of the table. If unset, the variable AWS_REGION of the pod, which EKS sets together with an identity.',
      )
      .optional(),
    endpoint: httpUrl('Endpoint of the service, for a VPC endpoint. Defaults to that of the region.').optional(),
    ...caching,
  }),
  ttlWithSeconds,
).describe(
  'A table in Amazon DynamoDB. Pods need an identity of AWS that may read and write it, such as that of IRSA (`podTemplate.serviceAccountAnnotations`) or of EKS Pod Identity.',
);

/** The persistent store. */
export const store = withRules(
  z.object({ redis: redis.optional(), dynamodb: dynamodb.optional() }),
  exactlyOneOf('redis', 'dynamodb'),
).describe(
  'Persistent store of flag data, in the layout of the LaunchDarkly Relay Proxy. Pods that start during an upstream outage serve from it, and SDKs can read it.',
);
