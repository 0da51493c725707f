import type { FaultGroup } from './fault.ts';
import { EVALUATOR } from './faults/evaluator.ts';
import { EVENTS } from './faults/events.ts';
import { RECONCILE } from './faults/reconcile.ts';
import { REDIS_STORE } from './faults/redis-store.ts';

/** All faults that are seeded. */
export const GROUPS: readonly FaultGroup[] = [
  { name: 'evaluator', faults: EVALUATOR },
  { name: 'Redis store', faults: REDIS_STORE },
  { name: 'reconcile loop', faults: RECONCILE },
  { name: 'event queues', faults: EVENTS },
];
