import type { Item, ItemKind } from '../../../data/data.ts';
import type { ItemCodec } from '../../../store/codec.ts';
import { parseDataSet, parseItem, tombstone } from './parse.ts';

/** Key inside the JSON of every tombstone; the real one is the field's name (contract 6.2). */
const DELETED_KEY = '$deleted';

/** The text to store: the item's own, or for a deleted one the defaults of its kind, which is what other readers expect. */
function encodeItem(item: Item): string {
  return item.deleted ? JSON.stringify(tombstoneDocument(item.kind, item.version)) : item.json;
}

/**
 * Reads a stored text.
 * @param known what this field held before: returned as it is when the text is the same, so that nothing is parsed twice
 * @throws DataError when it is not a flag or segment
 */
function decodeItem(kind: ItemKind, key: string, text: string, known?: Item): Item {
  if (known !== undefined && (known.deleted ? encodeItem(known) : known.json) === text) return known;
  const item = parseItem(kind, text, key);
  return item.deleted ? tombstone(kind, key, item.version) : item;
}

function tombstoneDocument(kind: ItemKind, version: number): object {
  if (kind === 'segments') {
    return {
      key: DELETED_KEY,
      included: [],
      excluded: [],
      includedContexts: [],
      excludedContexts: [],
      salt: '',
      rules: [],
      version,
      generation: null,
      deleted: true,
    };
  }
  return {
    key: DELETED_KEY,
    on: false,
    prerequisites: [],
    targets: [],
    contextTargets: [],
    rules: [],
    fallthrough: {},
    offVariation: null,
    variations: [],
    clientSide: false,
    salt: '',
    trackEvents: false,
    trackEventsFallthrough: false,
    debugEventsUntilDate: null,
    version,
    deleted: true,
  };
}

/** LaunchDarkly's items in ld-relay's layout (contract 6.1, 6.2). */
export const itemCodec: ItemCodec = {
  defaultPrefix: 'launchdarkly',
  keys: { flags: 'features', segments: 'segments' },
  encode: encodeItem,
  decode: decodeItem,
  parse: parseDataSet,
};
