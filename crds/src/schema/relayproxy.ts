import * as z from 'zod';
import { stringMap } from './kubernetes.ts';
import { withRules } from './rules.ts';
import { relayProxySpec } from './spec.ts';
import { relayProxyStatus } from './status.ts';

/** API group of the project. */
export const group = 'flagrelay.dev';
/** The version that is served and stored. */
export const version = 'v1alpha1';
/** `apiVersion` of a RelayProxy. */
export const apiVersion = `${group}/${version}` as const;
/** `kind` of a RelayProxy. */
export const kind = 'RelayProxy';

const ownerReference = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
});

/** What the API server keeps about every object; fields that are not named here are kept as they are. */
const metadata = z.looseObject({
  name: z.string().min(1).max(253),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: stringMap(1000, 63).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(ownerReference).optional(),
});

/** A whole RelayProxy. */
export const relayProxy = withRules(
  z.object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata,
    spec: relayProxySpec,
    status: relayProxyStatus.optional(),
  }),
  {
    cel: 'self.metadata.name.size() <= 52',
    message: 'name must be no more than 52 characters, so that child object names fit',
    check: ({ metadata }) => metadata.name.length <= 52,
  },
  {
    // The Service bears the name as it is, and a Service's name is stricter than an object's.
    cel: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: 'name must be lower-case letters, digits and dashes, and must begin with a letter: the Service bears it',
    check: ({ metadata }) => /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(metadata.name),
  },
).describe(
  'A fleet of relays: pods that keep the flag data of LaunchDarkly-compatible environments in memory and serve it to SDKs in the same cluster.',
);
