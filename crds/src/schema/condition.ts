import * as z from 'zod';
import { int64, time } from './kubernetes.ts';

/** Types of conditions of a RelayProxy, in the order in which they are shown, and what each says when it is True. */
export const conditionMeanings = {
  Ready: 'the spec is applied, enough pods are ready and all environments are connected',
  Reconciled: 'all child objects match the spec',
  ReferencesResolved: 'every ConfigMap, PersistentVolumeClaim and Secret key that is referred to exists',
  Available: 'as many pods are ready as the disruption budget asks for',
  Progressing: 'a rollout is in progress or complete; False when it is stuck',
  EnvironmentsConnected: 'every environment is connected in some ready pod',
  ReportsReceived: 'reports of the pods arrive; otherwise the operator asks the pods',
  StoreHealthy: 'the persistent store is reachable from every pod; absent without `spec.store`',
  ZonesSpread: 'ready pods are in at least `spec.zones.minZones` zones',
  DrainsAllowed: 'the disruption budget lets a ready pod be evicted; absent without one',
  Autoscaled:
    'the number of pods follows their connections; absent without `spec.autoscaling.targetConnectionsPerReplica`',
  Paused: '`spec.paused` is true',
  VersionSkew: 'pods run a release of the relay that this release of the operator does not support',
} as const;

/** Type of a condition of a RelayProxy. */
export type ConditionType = keyof typeof conditionMeanings;

const types = Object.entries(conditionMeanings).map(([type, meaning]) => `${type} (${meaning})`);

/** One condition, as Kubernetes writes them. */
export const condition = z.object({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe(`What the condition is about. True means: ${types.join('; ')}.`),
  status: z.enum(['True', 'False', 'Unknown']).describe('Status of the condition.'),
  observedGeneration: int64.describe('Generation of the RelayProxy that the condition is about.').optional(),
  lastTransitionTime: time.describe('When `status` last changed.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Machine-readable reason, in one word.'),
  message: z.string().max(32_768).describe('Human-readable reason.'),
});
