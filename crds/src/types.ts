import type { z } from 'zod';
import type { condition } from './schema/condition.ts';
import type { environment } from './schema/environments.ts';
import type { relayProxy } from './schema/relayproxy.ts';
import type { relayProxySpec } from './schema/spec.ts';
import type {
  environmentState,
  environmentStatus,
  instanceStatus,
  relayProxyStatus,
  storeState,
} from './schema/status.ts';

/** A RelayProxy as the API server hands it out: with all defaults filled in. */
export type RelayProxy = z.output<typeof relayProxy>;
/** A RelayProxy as somebody writes it: fields with a default may be left out. */
export type RelayProxyManifest = z.input<typeof relayProxy>;
/** The desired state, with all defaults filled in. */
export type RelayProxySpec = z.output<typeof relayProxySpec>;
/** The desired state, as somebody writes it. */
export type RelayProxySpecManifest = z.input<typeof relayProxySpec>;
/** One configured environment, with all defaults filled in. */
export type EnvironmentSpec = z.output<typeof environment>;
/** The observed state. */
export type RelayProxyStatus = z.output<typeof relayProxyStatus>;
/** One environment over all pods, as the operator writes it. */
export type EnvironmentStatus = z.output<typeof environmentStatus>;
/** One pod, as the pod itself writes it. */
export type InstanceStatus = z.output<typeof instanceStatus>;
/** State of an environment. */
export type EnvironmentState = z.output<typeof environmentState>;
/** State of the persistent store. */
export type StoreState = z.output<typeof storeState>;
/** One condition. */
export type Condition = z.output<typeof condition>;
/** A key of a Secret or ConfigMap in the namespace of the RelayProxy. */
export type KeyRef = EnvironmentSpec['sdkKeyRef'];
