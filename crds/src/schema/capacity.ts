import * as z from 'zod';
import { int32 } from './kubernetes.ts';

/** What the fleet must be able to carry. */
export const capacity = z
  .object({
    concurrentConnections: int32(1, 10_000_000).describe(
      'SDK streams that are expected to be open at the same time. The fleet gets room for twice as many, and for all of them while a zone is lost.',
    ),
  })
  .describe(
    'Load that the fleet must handle. From it the operator chooses `replicas`, `resources` and the bounds of `autoscaling`, unless they are set; `status.sizing` says what it chose, and why.',
  );
