import type { Flag, Target } from '../model/flag.ts';
import type { Outcome } from './outcome.ts';
import type { Run } from './run.ts';
import type { Symbols } from './symbols.ts';

/** The outcome of the first target list that names the context; undefined when none does. */
export type Targeting = (run: Run) => Outcome | undefined;

/**
 * The lists in the order that counts: `contextTargets` when there are any, where an empty user entry stands for the
 * `targets` entry of the same variation; else `targets` (contract 12.3).
 */
function orderedTargets(flag: Flag): readonly Target[] {
  if (flag.contextTargets.length === 0) return flag.targets;
  return flag.contextTargets.flatMap((target) => {
    const isUser = target.contextKind === '' || target.contextKind === 'user';
    if (!isUser || target.values.length > 0) return [target];
    return flag.targets.find((other) => other.variation === target.variation) ?? [];
  });
}

/** Compiles a flag's targets into one map per run of lists of the same kind; undefined when there are none. */
export function compileTargeting(
  flag: Flag,
  symbols: Symbols,
  serve: (variation: number) => Outcome,
): Targeting | undefined {
  const maps: { readonly kindSlot: number; readonly outcomes: Map<string, Outcome> }[] = [];
  for (const target of orderedTargets(flag)) {
    if (target.values.length === 0) continue;
    const kindSlot = symbols.kind(target.contextKind);
    if (maps.at(-1)?.kindSlot !== kindSlot) maps.push({ kindSlot, outcomes: new Map() });
    const { outcomes } = maps.at(-1)!;
    const outcome = serve(target.variation);
    for (const key of target.values) {
      if (!outcomes.has(key)) outcomes.set(key, outcome);
    }
  }
  if (maps.length === 0) return undefined;
  return (run) => {
    for (let index = 0; index < maps.length; index++) {
      const { kindSlot, outcomes } = maps[index]!;
      const member = run.member(kindSlot);
      const outcome = member === undefined ? undefined : outcomes.get(member.key);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  };
}
