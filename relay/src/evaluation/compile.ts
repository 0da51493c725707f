import type { DataSet, Item } from '../model/data.ts';
import { flagOf, segmentOf, variationTexts } from '../model/parse.ts';
import { compact } from '../model/scan.ts';
import type { CompiledData } from './compiled.ts';
import { compileFlag } from './flag-program.ts';
import { Outcome } from './outcome.ts';
import { type FlagProgram, type Programs, Run, type SegmentProgram } from './run.ts';
import { compileSegment } from './segment-program.ts';
import { type CompiledFlag, createSnapshot } from './snapshot.ts';
import { Symbols } from './symbols.ts';

interface CompiledSegment {
  readonly item: Item;
  readonly program: SegmentProgram;
  /** The kind whose keys the big-segment store is asked for. */
  readonly bigSegmentKind: string | undefined;
}

/** What a compiled data set leaves to the next one. */
interface Workshop {
  readonly symbols: Symbols;
  readonly run: Run;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly segments: ReadonlyMap<string, CompiledSegment>;
  /** Size of the symbol table after the data set that it was made for. */
  readonly initialSize: number;
}

const workshops = new WeakMap<CompiledData, Workshop>();

function newFlag(item: Item, symbols: Symbols): CompiledFlag {
  const flag = flagOf(item);
  const compiled = compileFlag(flag, variationTexts(item).map(compact), symbols);
  const constant = compiled instanceof Outcome ? compiled : undefined;
  return {
    item,
    constant,
    program: compiled instanceof Outcome ? () => compiled : compiled,
    mobile: flag.usingMobileKey,
    browser: flag.usingEnvironmentId,
  };
}

function newSegment(item: Item, symbols: Symbols): CompiledSegment {
  const segment = segmentOf(item);
  const isBig = segment.unbounded && segment.generation !== undefined;
  return {
    item,
    program: compileSegment(segment, symbols),
    bigSegmentKind: isBig ? segment.unboundedContextKind || 'user' : undefined,
  };
}

/** Compiles what is new among the items that are not deleted; takes the rest over. */
function compileItems<T extends { readonly item: Item }>(
  items: ReadonlyMap<string, Item>,
  previous: ReadonlyMap<string, T> | undefined,
  make: (item: Item) => T,
): Map<string, T> {
  const compiled = new Map<string, T>();
  for (const [key, item] of items) {
    if (item.deleted) continue;
    const before = previous?.get(key);
    if (before === undefined || (before.item !== item && before.item.json !== item.json)) {
      compiled.set(key, make(item));
    } else {
      // The same text in a new item: refer to the new one only, so that the old payload can be freed.
      compiled.set(key, before.item === item ? before : { ...before, item });
    }
  }
  return compiled;
}

function bySlot<T, P>(slots: ReadonlyMap<string, number>, compiled: ReadonlyMap<string, T>, program: (item: T) => P) {
  const programs = new Array<P | undefined>(slots.size).fill(undefined);
  for (const [key, slot] of slots) {
    const item = compiled.get(key);
    if (item !== undefined) programs[slot] = program(item);
  }
  return programs;
}

/** A table that grew to several times what its data needed is left behind with the names that nobody uses any more. */
function isOutgrown(workshop: Workshop): boolean {
  return workshop.symbols.size > 4 * workshop.initialSize + 1000;
}

/**
 * Compiles a data set for evaluation. What is the same as in `previous` is taken over: a patch compiles one flag; the
 * links between flags and segments are made anew by key. Throws DataError for an item that is malformed, which only an
 * item that was not made by `parseItem` can be.
 */
export function compile(data: DataSet, previous?: CompiledData): CompiledData {
  const old = previous === undefined ? undefined : workshops.get(previous);
  const base = old === undefined || isOutgrown(old) ? undefined : old;
  const symbols = base?.symbols ?? new Symbols();
  const run = base?.run ?? new Run(symbols);
  const segments = compileItems(data.segments, base?.segments, (item) => newSegment(item, symbols));
  const flags = compileItems(data.flags, base?.flags, (item) => newFlag(item, symbols));
  const programs: Programs = {
    prerequisites: bySlot<CompiledFlag, FlagProgram>(symbols.prerequisites, flags, (flag) => flag.program),
    segments: bySlot<CompiledSegment, SegmentProgram>(symbols.segments, segments, (segment) => segment.program),
  };
  const bigSegmentKinds = new Set<string>();
  for (const { bigSegmentKind } of segments.values()) {
    if (bigSegmentKind !== undefined) bigSegmentKinds.add(bigSegmentKind);
  }
  const compiled = createSnapshot({
    data,
    flags,
    programs,
    bigSegmentKinds,
    run,
    prerequisiteSlots: symbols.prerequisites,
  });
  workshops.set(compiled, { symbols, run, flags, segments, initialSize: base?.initialSize ?? symbols.size });
  return compiled;
}
