import type { DataSet, Item } from '../../../data/data.ts';
import type { Context } from '../model/context.ts';
import { contiguous } from './ascii.ts';
import { NO_BIG_STATUS } from './big-status.ts';
import type { Audience, CompiledData, EvaluateOptions, FlagResult } from './compiled.ts';
import type { CompiledFlagCode } from './flag-program.ts';
import type { Outcome } from './outcome.ts';
import { layOut, NONE, type Programs, prerequisitesOf, select, slotAt } from './program.ts';
import { Run, type SegmentProgram } from './run.ts';
import { RUNG, rungsOf } from './rungs.ts';
import type { SegmentCode } from './segment-program.ts';
import type { Symbols } from './symbols.ts';

/** A flag that is ready to be evaluated. */
export interface CompiledFlag {
  readonly item: Item;
  readonly code: CompiledFlagCode;
  /** Visible to mobile SDKs. */
  readonly mobile: boolean;
  /** Visible to browsers. */
  readonly browser: boolean;
}

/** A segment that is ready to be evaluated. */
export interface CompiledSegment {
  readonly item: Item;
  readonly code: SegmentCode;
  /** The kind whose keys the big-segment store is asked for. */
  readonly bigSegmentKind: string | undefined;
}

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly data: DataSet;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly segments: ReadonlyMap<string, CompiledSegment>;
  readonly run: Run;
  readonly symbols: Symbols;
}

function isVisible(flag: CompiledFlag, audience: Audience): boolean {
  if (audience === 'server') return true;
  return audience === 'mobile' ? flag.mobile : flag.browser;
}

/** The programs of a snapshot, with where each flag begins. */
interface Linked {
  readonly programs: Programs;
  readonly starts: ReadonlyMap<string, number>;
}

function link(parts: SnapshotParts): Linked {
  const { flags, segments, symbols } = parts;
  const keys = [...flags.keys()];
  const layout = layOut(
    [...flags].map(([key, flag]) => ({ slot: symbols.prerequisites.get(key) ?? NONE, flag: flag.code })),
  );
  const starts = new Map(keys.map((key, index) => [key, layout.starts[index]!]));
  const prerequisites = new Int32Array(symbols.prerequisites.size).fill(NONE);
  for (const [key, slot] of symbols.prerequisites) prerequisites[slot] = starts.get(key) ?? NONE;
  const bySlot = new Array<SegmentProgram | undefined>(symbols.segments.size).fill(undefined);
  for (const [key, slot] of symbols.segments) bySlot[slot] = segments.get(key)?.code.program;
  return { programs: { ...layout, prerequisites, segments: bySlot, ...rungs(parts) }, starts };
}

/** What has to be evaluated first, see {@link rungsOf}. */
function rungs({ flags, segments, symbols }: SnapshotParts): Pick<Programs, 'flagRungs' | 'segmentRungs'> {
  const ofSlots = <T>(
    slots: ReadonlyMap<string, number>,
    items: ReadonlyMap<string, T>,
    asks: (item: T) => readonly number[],
  ): Int32Array | undefined => {
    // What is not deep in number cannot be deep in levels.
    if (slots.size < RUNG) return undefined;
    const edges = new Array<readonly number[] | undefined>(slots.size).fill(undefined);
    for (const [key, slot] of slots) {
      const item = items.get(key);
      if (item !== undefined) edges[slot] = asks(item);
    }
    const found = rungsOf(edges);
    return found.length === 0 ? undefined : found;
  };
  return {
    flagRungs: ofSlots(symbols.prerequisites, flags, ({ code }) => prerequisitesOf(code)),
    segmentRungs: ofSlots(symbols.segments, segments, ({ code }) => code.segments),
  };
}

/** The flags of one audience: where those begin that depend on the context, and the text of those that do not. */
interface Listing {
  readonly starts: Int32Array;
  readonly constants: readonly Outcome[];
  /** By `withReasons`: what the document begins with, see {@link opening}. */
  readonly constantTexts: [string | undefined, string | undefined];
}

/** The beginning of an evalx document: the brace and the members of outcomes that are the same for all; `''` without any. */
function opening(constants: readonly Outcome[], withReasons: boolean): string {
  if (constants.length === 0) return '';
  const members = constants.map((constant) => constant.text(withReasons, NO_BIG_STATUS)).join('');
  return contiguous(`{${members.slice(1)}`);
}

// V8 keeps strings of more than 128 KiB apart, each in memory that it asks the system for and gives back.
const PART_CHARS = 32 * 1024;

/** Index of the outcome of the flag whose code begins at `start`. */
function pickBy(run: Run, programs: Programs, start: number): number {
  const slot = slotAt(programs, start);
  return slot === NONE ? select(programs, start, run) : run.prerequisite(slot);
}

/** Makes the data that one snapshot serves. See {@link CompiledData}. */
export function createSnapshot(parts: SnapshotParts): CompiledData {
  const { data, flags, segments, symbols } = parts;
  let linked: Linked | undefined;
  const listings = new Map<Audience, Listing>();
  const ordered = new Map<Audience, readonly (readonly [string, CompiledFlag])[]>();

  // Linked when first asked: in a burst of patches most snapshots never are.
  const links = (): Linked => {
    linked ??= link(parts);
    return linked;
  };
  const listingOf = (audience: Audience): Listing => {
    const known = listings.get(audience);
    if (known !== undefined) return known;
    const visible = [...flags].filter(([, flag]) => isVisible(flag, audience));
    const { starts } = links();
    const varying = visible.filter(([, flag]) => flag.code.constant === undefined).map(([key]) => starts.get(key)!);
    const constants = visible.map(([, flag]) => flag.code.constant).filter((outcome) => outcome !== undefined);
    const listing: Listing = {
      starts: Int32Array.from(varying),
      constants,
      constantTexts: [undefined, undefined],
    };
    listings.set(audience, listing);
    return listing;
  };

  /** The shared run, or one more when that is busy: code that is called during an evaluation evaluates something else. */
  const idleRun = (): Run => (parts.run.busy ? new Run(symbols) : parts.run);

  const evaluateInParts = (context: Context, { audience, withReasons, bigSegments }: EvaluateOptions): string[] => {
    const { programs } = links();
    const { outcomes, texts } = programs;
    const { starts, constants, constantTexts } = listingOf(audience);
    const index = withReasons ? 1 : 0;
    constantTexts[index] ??= opening(constants, withReasons);
    const parts: string[] = [];
    let text = constantTexts[index];
    let isEmpty = text.length === 0;
    const run = idleRun();
    try {
      run.begin(programs, context, bigSegments, true);
      for (let at = 0; at < starts.length; at++) {
        run.bigStatus = NO_BIG_STATUS;
        const picked = pickBy(run, programs, starts[at]!);
        let member = withReasons ? undefined : texts[picked];
        if (member === undefined) {
          const outcome = outcomes[picked]!;
          member = outcome.text(withReasons, run.bigStatus);
          texts[picked] = outcome.plain;
        }
        text = isEmpty ? `{${member.slice(1)}` : text + member;
        isEmpty = false;
        if (text.length > PART_CHARS) {
          parts.push(text);
          text = '';
        }
      }
    } finally {
      run.end();
    }
    parts.push(isEmpty ? '{}' : `${text}}`);
    return parts;
  };

  /** A run of an evaluation that others may interrupt, with everything found out that may take long. */
  function* begunInSteps(context: Context, { bigSegments }: EvaluateOptions): Generator<void, Run> {
    const own = new Run(symbols);
    yield* own.beginInSteps(links().programs, context, bigSegments);
    for (const { code } of segments.values()) yield* own.answerInSteps(code.conditions);
    for (const { code } of flags.values()) yield* own.answerInSteps(code.conditions);
    return own;
  }

  const orderedFlags = (audience: Audience): readonly (readonly [string, CompiledFlag])[] => {
    let visible = ordered.get(audience);
    if (visible === undefined) {
      visible = [...flags].filter(([, flag]) => isVisible(flag, audience)).sort(([a], [b]) => (a < b ? -1 : 1));
      ordered.set(audience, visible);
    }
    return visible;
  };

  return {
    data,
    bigSegmentKinds: new Set(
      [...segments.values()].map((segment) => segment.bigSegmentKind).filter((kind) => kind !== undefined),
    ),

    evaluateAll: (context, options) => evaluateInParts(context, options).join(''),
    evaluateInParts,

    *evaluateInSteps(context, options): Generator<void, string[]> {
      const { audience, withReasons } = options;
      const { programs } = links();
      const { starts, constants } = listingOf(audience);
      const own = yield* begunInSteps(context, options);
      const parts: string[] = [];
      let text = opening(constants, withReasons);
      for (const start of starts) {
        own.bigStatus = NO_BIG_STATUS;
        const member = programs.outcomes[pickBy(own, programs, start)]!.text(withReasons, own.bigStatus);
        text = text.length === 0 && parts.length === 0 ? `{${member.slice(1)}` : text + member;
        if (text.length > PART_CHARS) {
          parts.push(text);
          text = '';
        }
        yield;
      }
      parts.push(text.length === 0 && parts.length === 0 ? '{}' : `${text}}`);
      return parts;
    },

    *evaluateEachInSteps(context, options, visit): Generator<void, void> {
      const { programs, starts } = links();
      const own = yield* begunInSteps(context, options);
      for (const [key, flag] of orderedFlags(options.audience)) {
        own.bigStatus = NO_BIG_STATUS;
        const outcome = flag.code.constant ?? programs.outcomes[pickBy(own, programs, starts.get(key)!)]!;
        visit(key, outcome.result(own.bigStatus));
        yield;
      }
    },

    evaluateEach(context, { audience, bigSegments }, visit): void {
      const { programs, starts } = links();
      const visible = orderedFlags(audience);
      const run = idleRun();
      try {
        run.begin(programs, context, bigSegments, true);
        for (const [key, flag] of visible) {
          run.bigStatus = NO_BIG_STATUS;
          const outcome = flag.code.constant ?? programs.outcomes[pickBy(run, programs, starts.get(key)!)]!;
          visit(key, outcome.result(run.bigStatus));
        }
      } finally {
        run.end();
      }
    },

    evaluate(flagKey: string, context: Context, { audience, bigSegments }: EvaluateOptions): FlagResult | undefined {
      const flag = flags.get(flagKey);
      if (flag === undefined || !isVisible(flag, audience)) return undefined;
      const { programs, starts } = links();
      const run = idleRun();
      try {
        run.begin(programs, context, bigSegments, false);
        run.bigStatus = NO_BIG_STATUS;
        const outcome = programs.outcomes[pickBy(run, programs, starts.get(flagKey)!)]!;
        return outcome.result(run.bigStatus);
      } finally {
        run.end();
      }
    },
  };
}
