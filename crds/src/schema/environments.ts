import * as z from 'zod';
import { configMapKeyRef, int32, logLevel, namedList, secretKeyRef, stringSet } from './kubernetes.ts';
import { withRules } from './rules.ts';
import { tableName } from './store.ts';

/** Origins that browsers may call from. */
export const allowedOrigins = stringSet(z.string().min(1).max(253), 32);

/** Client-side ID of an environment. */
export const clientSideID = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[0-9A-Za-z_-]+$/);

const data = z
  .object({
    configMapKeyRef: configMapKeyRef('Key of a ConfigMap that contains the data file.'),
  })
  .describe(
    'Serve this environment from a LaunchDarkly data file (an object with `flags` and `segments`, in JSON or YAML) instead of an upstream stream. The file is watched: a change reaches connected SDKs without a restart, and when the file cannot be read, the last good data stay in use.',
  );

/** One environment that is configured by hand. */
export const environment = withRules(
  z.object({
    name: z
      .string()
      .min(1)
      .max(63)
      .regex(/^[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$/)
      .describe(
        'Unique name of the environment; the key under which it appears in `status.environments` and in the `/status` document of the relay. A new name makes a new environment for new pods; existing pods serve it under the old name until they are replaced.',
      ),
    sdkKeyRef: secretKeyRef(
      'Server-side SDK key: what server-side SDKs send, and what the relay sends upstream. A missing Secret or key does not fail the pod: the environment reports `CredentialMissing`, pods that already had the key keep using it, and others answer 503 until the key exists. A changed key takes effect without a restart.',
    ),
    sdkKeyPreviousRef: secretKeyRef(
      'The SDK key before a rotation. SDKs that still send it are accepted for as long as this Secret key exists; the relay never sends it upstream. It is revoked when this Secret key is removed while the key of `sdkKeyRef` exists, or when this reference is removed, but not while both Secrets are missing.',
    ).optional(),
    mobileKeyRef: secretKeyRef('Mobile key; needed only when mobile SDKs connect.').optional(),
    clientSideID: clientSideID
      .describe('Client-side ID of the environment; not a secret. Needed only when client-side (browser) SDKs connect.')
      .optional(),
    secureMode: z
      .boolean()
      .default(false)
      .describe('Refuse client-side SDKs whose secure-mode hash is missing or wrong. Default false.'),
    allowedOrigins: allowedOrigins
      .describe(
        'Origins that browsers may call from (CORS), such as `https://app.example.com`. Empty allows any origin.',
      )
      .optional(),
    allowedHeaders: stringSet(z.string().min(1).max(128), 32)
      .describe('Request headers that browsers may send (CORS) beside those that the SDKs use.')
      .optional(),
    prefix: z
      .string()
      .min(1)
      .max(128)
      .describe(
        'Prefix of the keys of this environment in `spec.store`. Defaults to the name of the environment; to none where it has a `tableName`. A new prefix takes effect with new pods; data stored under the old one is kept.',
      )
      .optional(),
    tableName: tableName
      .describe(
        'DynamoDB table of this environment. Only with `spec.store.dynamodb`, whose `tableName` is the default.',
      )
      .optional(),
    cacheMaxAgeSeconds: int32(0, 86_400)
      .describe(
        'How long, in seconds, caches may keep the answers of the polling endpoints that PHP SDKs use (`/sdk/flags` and `/sdk/segments`). If 0 or unset, no caching header is sent.',
      )
      .optional(),
    logLevel: logLevel.describe('Log level of this environment. Defaults to `spec.logLevel`.').optional(),
    data: data.optional(),
  }),
  {
    cel: '!self.secureMode || has(self.clientSideID)',
    message: '`clientSideID` must be set when `secureMode` is true',
    field: 'clientSideID',
    reason: 'FieldValueRequired',
    check: (environment) => !environment.secureMode || environment.clientSideID !== undefined,
  },
);

/** All environments that are configured by hand. */
export const environments = namedList(environment, 100).describe(
  'Environments configured by hand. Exactly one of `environments`, `autoConfig` and `offline` must be set.',
);
