import type { Flag, Rollout, VariationOrRollout } from '../model/flag.ts';
import { bucketPrefix, weightOf } from './bucket.ts';
import type { Outcome } from './outcome.ts';
import type { RolloutCode } from './rollout-code.ts';
import type { Symbols } from './symbols.ts';

/** Makes the outcomes of one rule or of the fallthrough. */
export interface ServeOutcomes {
  variation(variation: number, chosen: { readonly rollout: boolean; readonly inExperiment: boolean }): Outcome;
  malformed(): Outcome;
}

/** Takes an outcome among those of the flag and returns its index. */
export type KeepOutcome = (outcome: Outcome) => number;

/** Experiments always go by the key. */
function compileRollout(
  rollout: Rollout,
  flag: Flag,
  symbols: Symbols,
  outcomes: ServeOutcomes,
  keep: KeepOutcome,
): RolloutCode | Outcome {
  const { experiment, seed, contextKind } = rollout;
  const bucketBy = experiment || rollout.bucketBy === '' ? 'key' : rollout.bucketBy;
  const attribute = symbols.attribute(bucketBy, contextKind);
  if (attribute === undefined || rollout.variations.length === 0) return outcomes.malformed();
  let sum = 0;
  const parts = rollout.variations.map(({ variation, weight, untracked }) => {
    sum = Math.fround(sum + weightOf(weight));
    const outside = keep(outcomes.variation(variation, { rollout: true, inExperiment: false }));
    const isTracked = experiment && !untracked;
    const served = isTracked ? keep(outcomes.variation(variation, { rollout: true, inExperiment: true })) : outside;
    return { upTo: sum, served, outside };
  });
  return {
    attribute,
    kindSlot: symbols.kind(contextKind),
    useSecondary: !experiment,
    prefix: bucketPrefix(seed, flag.key, flag.salt),
    parts,
  };
}

/**
 * Compiles what a rule or the fallthrough serves: an outcome when it is always the same, else a rollout that picks one
 * (contract 12.2, 12.5).
 */
export function compileServe(
  serve: VariationOrRollout,
  flag: Flag,
  symbols: Symbols,
  outcomes: ServeOutcomes,
  keep: KeepOutcome,
): RolloutCode | Outcome {
  if (serve.variation !== undefined)
    return outcomes.variation(serve.variation, { rollout: false, inExperiment: false });
  if (serve.rollout === undefined) return outcomes.malformed();
  return compileRollout(serve.rollout, flag, symbols, outcomes, keep);
}
