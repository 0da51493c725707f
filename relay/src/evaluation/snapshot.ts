import type { Context } from '../model/context.ts';
import type { DataSet, Item } from '../model/data.ts';
import { NO_BIG_STATUS } from './big-status.ts';
import type { Audience, CompiledData, EvaluateOptions, FlagResult } from './compiled.ts';
import type { Outcome } from './outcome.ts';
import type { FlagProgram, Programs, Run } from './run.ts';

/** A flag that is ready to be evaluated. */
export interface CompiledFlag {
  readonly item: Item;
  readonly program: FlagProgram;
  /** The outcome, when it is the same for every context. */
  readonly constant: Outcome | undefined;
  /** Visible to mobile SDKs. */
  readonly mobile: boolean;
  /** Visible to browsers. */
  readonly browser: boolean;
}

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly data: DataSet;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly programs: Programs;
  readonly bigSegmentKinds: ReadonlySet<string>;
  readonly run: Run;
  /** Flag key → slot of the flags that others depend on. */
  readonly prerequisiteSlots: ReadonlyMap<string, number>;
}

const NOT_SHARED = -1;

/** The flags of one audience: those that depend on the context, and the text of those that do not. */
interface Listing {
  readonly programs: readonly FlagProgram[];
  /** For each program the slot under which its outcome is shared with flags that depend on it. */
  readonly slots: readonly number[];
  readonly constants: readonly Outcome[];
  /** By `withReasons`. */
  readonly constantText: [string | undefined, string | undefined];
}

function isVisible(flag: CompiledFlag, audience: Audience): boolean {
  if (audience === 'server') return true;
  return audience === 'mobile' ? flag.mobile : flag.browser;
}

/** Makes the data that one snapshot serves. See {@link CompiledData}. */
export function createSnapshot(parts: SnapshotParts): CompiledData {
  const { data, flags, programs, bigSegmentKinds, run } = parts;
  // The symbol table grows with later data sets: only the slots of this one count.
  const slotOf = (key: string): number => {
    const slot = parts.prerequisiteSlots.get(key);
    return slot === undefined || slot >= programs.prerequisites.length ? NOT_SHARED : slot;
  };

  const listings = new Map<Audience, Listing>();
  const list = (audience: Audience): Listing => {
    const visible = [...flags].filter(([, flag]) => isVisible(flag, audience));
    const varying = visible.filter(([, flag]) => flag.constant === undefined);
    return {
      programs: varying.map(([, flag]) => flag.program),
      slots: varying.map(([key]) => slotOf(key)),
      constants: visible.map(([, flag]) => flag.constant).filter((constant) => constant !== undefined),
      constantText: [undefined, undefined],
    };
  };
  const listingOf = (audience: Audience): Listing => {
    const known = listings.get(audience);
    if (known !== undefined) return known;
    const listing = list(audience);
    listings.set(audience, listing);
    return listing;
  };

  const pick = (program: FlagProgram, slot: number): Outcome =>
    slot === NOT_SHARED ? program(run) : (run.prerequisite(slot) as Outcome);

  return {
    data,
    bigSegmentKinds,

    evaluateAll(context: Context, { audience, withReasons, bigSegments }: EvaluateOptions): string {
      const listing = listingOf(audience);
      const index = withReasons ? 1 : 0;
      listing.constantText[index] ??= listing.constants
        .map((constant) => constant.text(withReasons, NO_BIG_STATUS))
        .join('');
      let text = listing.constantText[index];
      run.begin(programs, context, bigSegments);
      for (let at = 0; at < listing.programs.length; at++) {
        run.bigStatus = NO_BIG_STATUS;
        const outcome = pick(listing.programs[at]!, listing.slots[at]!);
        text += outcome.text(withReasons, run.bigStatus);
      }
      run.end();
      return `{${text.slice(1)}}`;
    },

    evaluate(flagKey: string, context: Context, { audience, bigSegments }: EvaluateOptions): FlagResult | undefined {
      const flag = flags.get(flagKey);
      if (flag === undefined || !isVisible(flag, audience)) return undefined;
      run.begin(programs, context, bigSegments);
      run.bigStatus = NO_BIG_STATUS;
      const outcome = pick(flag.program, slotOf(flagKey));
      const result = outcome.result(run.bigStatus);
      run.end();
      return result;
    },
  };
}
