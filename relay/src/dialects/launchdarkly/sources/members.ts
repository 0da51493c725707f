import * as z from 'zod';

/**
 * An object whose members are found as the reference's decoder (Go's `encoding/json`) finds them: in any case, with `null`
 * as if the member were not there, and with members that it does not know passed over. LaunchDarkly spells names otherwise
 * than the reference does (`envId` for `envID`). Of several spellings of one name the last that is not `null` counts.
 */
export function lenientObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [folded(name), name]));
  return z.preprocess((value) => renamed(value, names), z.object(shape));
}

function renamed(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const name = names.get(folded(key));
    if (name !== undefined && member !== null) members[name] = member;
  }
  return members;
}

/** Lower case, and the long s that Unicode folds to `s`, as Go does. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll('ſ', 's');
}

/** What is wrong with a value, by member; nothing of the value itself, which may be a key. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}
