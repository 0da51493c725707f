import * as z from 'zod';
import { lenientObject } from '../sources/members.ts';

const hashes = z.array(z.string()).default([]);
const mutations = lenientObject({ add: hashes, remove: hashes });
const NO_MUTATIONS = { add: [], remove: [] };

/** A patch follows on the one before: one that cannot be read makes all behind it useless. */
const patch = lenientObject({
  segmentId: z.string(),
  version: z.string(),
  previousVersion: z.string().default(''),
  changes: lenientObject({
    included: mutations.default(NO_MUTATIONS),
    excluded: mutations.default(NO_MUTATIONS),
  }).default({ included: NO_MUTATIONS, excluded: NO_MUTATIONS }),
});

/** One change of one big segment (contract 5.4). Contexts come as hashes. */
export type BigSegmentPatch = z.output<typeof patch>;

/** Patches that are no patches. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

/** Reads the array of patches that a poll or a stream event carries. @throws PatchError */
export function parsePatches(text: string): BigSegmentPatch[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PatchError('the big-segment patches are not JSON', { cause });
  }
  const result = z.array(patch).safeParse(value ?? []);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new PatchError(`the big-segment patches are malformed at /${issue?.path.join('/')}: ${issue?.message}`);
}
