import * as z from 'zod';
import { count } from './kubernetes.ts';
import { quantities } from './pod.ts';

/** What the operator made of `spec.capacity`. */
export const sizing = z
  .object({
    concurrentConnections: count.describe('The connections that it was made for: those of `spec.capacity`.'),
    replicas: count.describe('Number of pods; the minimum with `spec.autoscaling`.'),
    maxReplicas: count.describe('Maximum number of pods, with `spec.autoscaling`.').optional(),
    connectionsPerReplica: count.describe('Open streams that one pod has room for.'),
    requests: quantities.describe('Resources that the scheduler reserves for each pod.').optional(),
    limits: quantities.describe('Most that each pod may use.').optional(),
    sufficient: z.boolean().describe('False when a value of the spec is below what the capacity needs.'),
    message: z.string().max(1024).describe('Human-readable reason, and which fields of the spec took precedence.'),
  })
  .describe('How the fleet was sized, and why. Absent without `spec.capacity`.');
