import * as z from 'zod';
import { count } from './kubernetes.ts';
import { quantities } from './pod.ts';

/** What the operator made of `spec.capacity`. */
export const sizing = z
  .object({
    concurrentConnections: count.describe('The connections that it was made for: those of `spec.capacity`.'),
    replicas: count.describe('Pods that there should be; the fewest of them with `spec.autoscaling`.'),
    maxReplicas: count.describe('Most pods, with `spec.autoscaling`.').optional(),
    connectionsPerReplica: count.describe('Open streams that one pod has room for.'),
    requests: quantities.describe('What the scheduler sets aside for each pod.').optional(),
    limits: quantities.describe('What each pod may use at most.').optional(),
    sufficient: z.boolean().describe('False when a value of the spec is below what the capacity needs.'),
    message: z.string().max(1024).describe('Why, for people, and what in the spec had the last word.'),
  })
  .describe('How the fleet was sized, and why. Absent without `spec.capacity`.');
