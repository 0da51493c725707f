import * as z from 'zod';
import {
  ALL_OTHERS,
  MAX_HELD,
  MAX_MESSAGE_LENGTH,
  MAX_MISSING_FILES,
  MAX_PREVIOUS_KEYS,
  MAX_UNHEALTHY,
} from '../report-limits.ts';
import { ENVIRONMENT_STATES, STORE_STATES } from '../severities.ts';
import { condition } from './condition.ts';
import { atomicList, count, int64, namedList, time } from './kubernetes.ts';
import { sizing } from './sizing.ts';

/** State of an environment. */
export const environmentState = z.enum(ENVIRONMENT_STATES);

/** State of the persistent store. */
export const storeState = z.enum(STORE_STATES);

const stateMeaning =
  'VALID: has data and is connected. INITIALIZING: no data yet. INTERRUPTED: serves the last good data while it tries again. OFF: upstream refused the SDK key. CredentialMissing: a Secret or a key in it that the environment names is not there; pods that had the key before serve with it. DuplicateCredential: another environment has the same SDK key or mobile key; that one is served by it, `lastError` names it.';

/**
 * One writer sets the whole item. Without this the API server keeps the name of every single field for each pod in
 * `managedFields`, which is more than the status itself. Lists of the operator are atomic as a whole for the same reason.
 */
const writtenAsAWhole = { 'x-kubernetes-map-type': 'atomic' };

const lastError = z
  .object({
    kind: z
      .string()
      .max(64)
      .describe(
        'Kind of error: NETWORK_ERROR, ERROR_RESPONSE, INVALID_DATA, STORE_ERROR, DUPLICATE_CREDENTIAL or UNKNOWN.',
      )
      .optional(),
    time: time.describe('When it happened.').optional(),
    message: z.string().max(MAX_MESSAGE_LENGTH).describe('What happened, in words, without credentials.').optional(),
  })
  .describe('The last thing that went wrong; it stays after recovery.');

const storeStateMeaning =
  'State of the persistent store for this environment: VALID, INITIALIZING (not yet filled) or INTERRUPTED (not reachable; memory serves). Absent without `spec.store`.';

/** One environment over all pods; written by the operator. */
export const environmentStatus = z.object({
  name: z.string().max(253).describe('Name of the environment, as in `spec.environments`.'),
  clientSideID: z.string().max(64).describe('Client-side ID of the environment, where it has one.').optional(),
  state: environmentState.describe(`State over all pods that reported. ${stateMeaning}`),
  connectedInstances: count.describe('How many pods are connected for this environment.').optional(),
  totalInstances: count.describe('How many pods reported.').optional(),
  lastTransitionTime: time.describe('When `state` last changed.').optional(),
  lastError: lastError.optional(),
  storeState: storeState.describe(storeStateMeaning).optional(),
});

const unhealthyEnvironment = z.object({
  name: z
    .string()
    .max(253)
    .describe(
      `Name of the environment. '${ALL_OTHERS}' stands for every environment that has no item of its own, where most are in one state.`,
    ),
  state: environmentState.describe(`State in this pod. ${stateMeaning}`),
  served: z
    .boolean()
    .describe(
      'With CredentialMissing: whether the pod is connected and serves the environment all the same, with the key that it had before.',
    )
    .optional(),
  lastTransitionTime: time
    .describe('When `state` last changed; with CredentialMissing since when the key is not there.')
    .optional(),
  lastError: lastError.optional(),
  storeState: storeState.describe(storeStateMeaning).optional(),
});

const missingInput = z.object({
  name: z
    .string()
    .max(63)
    .describe(
      'What it is: `archive`, `config`, `autoConfigKey`, `previousKeys`, `proxyCredentials`, `redisCredentials`, `serviceAccount` or `tlsCertificate`.',
    ),
  since: time.describe('Since when.'),
  files: atomicList(z.string().max(512), MAX_MISSING_FILES)
    .describe('Its files that are not there, as their Secret or the key in it is not.')
    .optional(),
});

/** One pod; written by the pod itself. */
export const instanceStatus = z
  .object({
    name: z.string().max(253).describe('Name of the pod.'),
    uid: z.string().max(64).describe('UID of the pod.').optional(),
    zone: z.string().max(63).describe('Availability zone of the pod.').optional(),
    version: z.string().max(64).describe('Version of the relay in the pod.').optional(),
    configHash: z
      .string()
      .max(64)
      .describe(
        'Hash of the configuration that the pod runs; pods with different hashes are between two configurations.',
      )
      .optional(),
    active: z
      .boolean()
      .describe("Mode 'Daemon': whether this pod keeps the store up to date; false for one that stands by.")
      .optional(),
    ready: z.boolean().describe('Whether the pod has data for its environments and takes connections.').optional(),
    connections: count
      .describe('Open streams to SDKs, rounded to two digits so that small changes are no writes.')
      .optional(),
    connectedEnvironments: count.describe('How many environments are connected in this pod.').optional(),
    totalEnvironments: count.describe('How many environments this pod has.').optional(),
    lastReportTime: time.describe('When the pod last wrote this item; it writes on change only.').optional(),
    polledTime: time
      .describe(
        'When the operator wrote this item, by asking the pod, as the pod itself does not report; absent as soon as it does.',
      )
      .optional(),
    credentialsRotatedTime: time
      .describe(
        'When the pod last took up a changed SDK key or mobile key from its mounted Secrets, without a restart.',
      )
      .optional(),
    missingInputs: namedList(missingInput, 16)
      .describe(
        'What the pod reads from mounted files, beside the keys of environments, and cannot read now; it goes on with what it read before, if it ever did.',
      )
      .optional(),
    previousKeys: atomicList(z.string().max(253), MAX_PREVIOUS_KEYS)
      .describe('Environments for which the pod accepts an SDK key before a rotation.')
      .optional(),
    heldConfig: atomicList(z.string().max(MAX_MESSAGE_LENGTH), MAX_HELD)
      .describe('Parts of the configuration that differ from what the pod runs, and that wait for its restart.')
      .optional(),
    keyRevision: z
      .string()
      .max(16)
      .describe(
        'Differs between pods that hold different keys from the same Secrets: 16 bits of a keyed digest, from which no key can be computed.',
      )
      .optional(),
    reportProblem: z
      .string()
      .max(64)
      .describe(
        'In an item that the operator wrote: why the pod cannot write it itself. TokenRefused, Forbidden, NotFound, Invalid, Unreachable or Failed.',
      )
      .optional(),
    unhealthy: namedList(unhealthyEnvironment, MAX_UNHEALTHY)
      .describe('Environments that are not VALID in this pod, or whose store is not.')
      .optional(),
  })
  .meta(writtenAsAWhole);

const zoneStatus = z.object({
  name: z.string().max(63).describe('Name of the zone.'),
  replicas: count.describe('Pods in this zone.').optional(),
  readyReplicas: count.describe('Ready pods in this zone.').optional(),
});

const operatorClaim = z
  .object({
    name: z
      .string()
      .max(253)
      .describe('Namespace and name of the Lease of the operator that looks after this RelayProxy.')
      .optional(),
    askedBy: z
      .string()
      .max(253)
      .describe(
        'Another operator that asks whether that one is still there; it takes over when this stays for two minutes.',
      )
      .optional(),
  })
  .describe(
    'Which operator looks after this RelayProxy. Any other leaves it alone: two releases over the same namespaces do not work against each other.',
  );

/** What the operator and the pods observe. */
export const relayProxyStatus = z
  .object({
    observedGeneration: int64
      .describe(
        'Generation of the RelayProxy that this status is about; older than `metadata.generation` while a change is on its way.',
      )
      .optional(),
    replicas: count.describe('Pods that there are.').optional(),
    readyReplicas: count.describe('Pods that are ready.').optional(),
    updatedReplicas: count.describe('Pods that run the newest pod template.').optional(),
    selector: z
      .string()
      .max(1024)
      .describe('Label selector of the pods; the scale subresource hands it out.')
      .optional(),
    operator: operatorClaim.optional(),
    image: z.string().max(512).describe('Image that the pods run.').optional(),
    version: z.string().max(64).describe('Version of the relay that the pods report.').optional(),
    activeInstance: z
      .string()
      .max(253)
      .describe("Mode 'Daemon': name of the pod that keeps the store up to date; absent while none does.")
      .optional(),
    credentialsRotatedTime: time
      .describe('When pods last began to take up changed keys from their mounted Secrets.')
      .optional(),
    url: z
      .string()
      .max(2048)
      .describe("Address of the Service inside the cluster, for SDKs; absent in mode 'Daemon'.")
      .optional(),
    environmentsSummary: z.string().max(64).describe("Connected environments out of all, such as '3/4'.").optional(),
    sizing: sizing.optional(),
    zones: atomicList(zoneStatus, 32).describe('Pods by availability zone.').optional(),
    environments: atomicList(environmentStatus, 100).describe('Environments, over all pods.').optional(),
    instances: namedList(instanceStatus, 100).describe('Pods; each writes its own item.').optional(),
    conditions: z
      .array(condition)
      .max(16)
      .meta({
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['type'],
        description: 'Conditions; `Ready` sums them up.',
      })
      .optional(),
  })
  .describe('Observed state; written by the operator and the pods.');
