import type { BigSegmentQuery, BigSegmentStore } from '../bigsegments/types.ts';
import type { BigSegments, BigSegmentsStatus } from '../evaluation/compiled.ts';
import type { Context } from '../model/context.ts';

/** From the best to the worst: an evaluation that met several reports the worst (contract 12.2). */
const SEVERITY: readonly BigSegmentsStatus[] = ['HEALTHY', 'STALE', 'STORE_ERROR', 'NOT_CONFIGURED'];

/** Asks the store for the context's keys of the given kinds, before the evaluation, which does no I/O. */
export async function fetchBigSegments(
  store: BigSegmentStore,
  kinds: ReadonlySet<string>,
  context: Context,
): Promise<BigSegments> {
  const keys = context.members.filter((member) => kinds.has(member.kind)).map((member) => member.key);
  const answers = new Map<string, BigSegmentQuery>();
  await Promise.all([...new Set(keys)].map(async (key) => answers.set(key, await store.query(key))));
  let status: BigSegmentsStatus = 'HEALTHY';
  for (const answer of answers.values()) {
    if (SEVERITY.indexOf(answer.status) > SEVERITY.indexOf(status)) status = answer.status;
  }
  return { status, membership: (key) => answers.get(key)?.membership };
}
