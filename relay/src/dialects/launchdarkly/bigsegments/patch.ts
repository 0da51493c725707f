import * as z from 'zod';

const hashes = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const mutations = z
  .object({ add: hashes, remove: hashes })
  .nullish()
  .transform((one) => one ?? { add: [], remove: [] });

const patch = z.object({
  segmentId: z.string(),
  version: z.string(),
  previousVersion: z.string(),
  changes: z
    .object({ included: mutations, excluded: mutations })
    .nullish()
    .transform((one) => one ?? { included: { add: [], remove: [] }, excluded: { add: [], remove: [] } }),
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
  const result = z.array(patch).safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new PatchError(`the big-segment patches are malformed at /${issue?.path.join('/')}: ${issue?.message}`);
}
