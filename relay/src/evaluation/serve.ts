import type { Flag, Rollout, VariationOrRollout } from '../model/flag.ts';
import { weightOf } from './bucket.ts';
import { LACKS_KIND, rolloutBucketing } from './bucketing.ts';
import type { Outcome } from './outcome.ts';
import type { Serve } from './program.ts';
import type { Symbols } from './symbols.ts';

/** Makes the outcomes of one rule or of the fallthrough. */
export interface ServeOutcomes {
  variation(variation: number, chosen: { readonly rollout: boolean; readonly inExperiment: boolean }): Outcome;
  malformed(): Outcome;
}

function compileRollout(rollout: Rollout, flag: Flag, symbols: Symbols, outcomes: ServeOutcomes): Serve | Outcome {
  const bucketing = rolloutBucketing(rollout, flag.key, flag.salt, symbols);
  if (bucketing === undefined || rollout.variations.length === 0) return outcomes.malformed();
  let sum = 0;
  const entries = rollout.variations.map(({ variation, weight, untracked }) => {
    sum = Math.fround(sum + weightOf(weight));
    const outside = outcomes.variation(variation, { rollout: true, inExperiment: false });
    const isTracked = rollout.experiment && !untracked;
    const served = isTracked ? outcomes.variation(variation, { rollout: true, inExperiment: true }) : outside;
    return { upTo: sum, served, outside };
  });
  const last = entries.at(-1)!.served;
  return (run) => {
    const found = bucketing(run);
    const bucket = found === LACKS_KIND ? 0 : found;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index]!;
      if (bucket < entry.upTo) return found === LACKS_KIND ? entry.outside : entry.served;
    }
    return last;
  };
}

/**
 * Compiles what a rule or the fallthrough serves: an outcome when it is always the same, else a program that picks one
 * (contract 12.2, 12.5).
 */
export function compileServe(
  serve: VariationOrRollout,
  flag: Flag,
  symbols: Symbols,
  outcomes: ServeOutcomes,
): Serve | Outcome {
  if (serve.variation !== undefined)
    return outcomes.variation(serve.variation, { rollout: false, inExperiment: false });
  if (serve.rollout === undefined) return outcomes.malformed();
  return compileRollout(serve.rollout, flag, symbols, outcomes);
}
