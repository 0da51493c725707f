import type { DataSet, Item } from '../../../data/data.ts';
import { compact } from '../../../json/scan.ts';
import { flagOf, releaseParsed, segmentOf, variationTexts } from '../model/parse.ts';
import type { CompiledData } from './compiled.ts';
import { compileFlag } from './flag-program.ts';
import { Run } from './run.ts';
import { compileSegment } from './segment-program.ts';
import { type CompiledFlag, type CompiledSegment, createSnapshot } from './snapshot.ts';
import { Symbols } from './symbols.ts';

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
  return {
    item,
    code: compileFlag(flag, variationTexts(item).map(compact), symbols),
    mobile: flag.usingMobileKey,
    browser: flag.usingEnvironmentId,
  };
}

function newSegment(item: Item, symbols: Symbols): CompiledSegment {
  const segment = segmentOf(item);
  const isBig = segment.unbounded && segment.generation !== undefined;
  return {
    item,
    code: compileSegment(segment, symbols),
    bigSegmentKind: isBig ? segment.unboundedContextKind || 'user' : undefined,
  };
}

interface Compiled {
  readonly item: Item;
  readonly code: { readonly conditions: readonly number[] };
}

/** Compiles what is new among the items that are not deleted, takes the rest over, and gives up what is gone. */
function compileItems<T extends Compiled>(
  items: ReadonlyMap<string, Item>,
  previous: ReadonlyMap<string, T> | undefined,
  symbols: Symbols,
  make: (item: Item, symbols: Symbols) => T,
): Map<string, T> {
  const compiled = new Map<string, T>();
  for (const [key, item] of items) {
    if (item.deleted) continue;
    const before = previous?.get(key);
    if (before === undefined || (before.item !== item && before.item.json !== item.json)) {
      compiled.set(key, make(item, symbols));
      releaseParsed(item);
    } else {
      // A list that came again has been parsed again: nothing needs that.
      if (before.item !== item) releaseParsed(item);
      // The same text in a new item: refer to the new one only, so that the old payload can be freed.
      compiled.set(key, before.item === item ? before : { ...before, item });
    }
  }
  for (const [key, before] of previous ?? []) {
    if (compiled.get(key)?.code !== before.code) symbols.conditions.release(before.code.conditions);
  }
  return compiled;
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
  const segments = compileItems(data.segments, base?.segments, symbols, newSegment);
  const flags = compileItems(data.flags, base?.flags, symbols, newFlag);
  const compiled = createSnapshot({ data, flags, segments, run, symbols });
  workshops.set(compiled, { symbols, run, flags, segments, initialSize: base?.initialSize ?? symbols.size });
  return compiled;
}
