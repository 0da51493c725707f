import * as z from 'zod';
import { allowedOrigins } from './environments.ts';
import { secretKeyRef } from './kubernetes.ts';
import { withRules } from './rules.ts';
import { tableName } from './store.ts';

const envDatastorePrefix = withRules(z.string().max(128), {
  cel: "self.contains('$CID')",
  message: "must contain '$CID'",
  check: (value) => value.includes('$CID'),
});

/** Environments that come from LaunchDarkly's automatic configuration. */
export const autoConfig = z
  .object({
    keyRef: secretKeyRef(
      'Automatic-configuration key. Pods are not ready until the Secret key exists and the first list of environments has arrived.',
    ),
    envDatastorePrefix: envDatastorePrefix
      .describe(
        'Prefix of the keys of each environment in `spec.store`; `$CID` in it is replaced by the client-side ID of the environment. Must be set when `spec.store` is, unless `envDatastoreTableName` has `$CID` in it.',
      )
      .optional(),
    envDatastoreTableName: tableName
      .describe(
        'DynamoDB table of each environment; `$CID` in it is replaced by the client-side ID of the environment. Only with `spec.store.dynamodb`, whose `tableName` is the default.',
      )
      .optional(),
    allowedOrigins: allowedOrigins
      .describe('Origins that browsers may call from (CORS), for all environments. Empty allows any origin.')
      .optional(),
  })
  .describe(
    'Take the environments and their keys from an automatic-configuration stream; they are added, changed and removed without a restart.',
  );
