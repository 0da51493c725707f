import type { Flag, Target } from '../model/flag.ts';

/**
 * A flag's target lists in the order that counts: `contextTargets` when there are any, where an empty user entry stands
 * for the `targets` entry of the same variation; else `targets` (contract 12.3). Lists without values are left out.
 */
export function orderedTargets(flag: Flag): readonly Target[] {
  if (flag.contextTargets.length === 0) return flag.targets.filter(hasValues);
  return flag.contextTargets
    .flatMap((target) => {
      const isUser = target.contextKind === '' || target.contextKind === 'user';
      if (!isUser || hasValues(target)) return [target];
      return flag.targets.find((other) => other.variation === target.variation) ?? [];
    })
    .filter(hasValues);
}

function hasValues(target: Target): boolean {
  return target.values.length > 0;
}
