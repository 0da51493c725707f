import { isDeepStrictEqual } from 'node:util';
import type { DataSet, Item } from '../../../data/data.ts';
import { memberTexts } from '../../../json/scan.ts';
import { variationTexts } from '../model/parse.ts';

/** What an event of an old SDK leaves out and the flag knows. */
export interface FlagFacts {
  readonly trackEvents: boolean;
  /** ms since the epoch; 0 = not debugging */
  readonly debugEventsUntilDate: number;
  /** Index of the first variation with this JSON value. */
  variationOf(valueText: string): number | undefined;
}

const factsOfItem = new WeakMap<Item, FlagFacts>();

/** The facts of a flag; undefined when it does not exist. */
export function flagFacts(data: DataSet | undefined, key: string): FlagFacts | undefined {
  const item = data?.flags.get(key);
  if (item === undefined || item.deleted) return undefined;
  let facts = factsOfItem.get(item);
  if (facts === undefined) {
    facts = readFacts(item);
    factsOfItem.set(item, facts);
  }
  return facts;
}

function readFacts(item: Item): FlagFacts {
  const members = memberTexts(item.json);
  let variations: unknown[] | undefined;
  return {
    trackEvents: members.get('trackEvents') === 'true',
    debugEventsUntilDate: Number(JSON.parse(members.get('debugEventsUntilDate') ?? '0')) || 0,
    variationOf: (valueText) => {
      variations ??= variationTexts(item).map((text) => JSON.parse(text) as unknown);
      const value: unknown = JSON.parse(valueText);
      const index = variations.findIndex((variation) => isDeepStrictEqual(variation, value));
      return index < 0 ? undefined : index;
    },
  };
}
