import type { DataSet, Item, ItemKind, RefuseItem } from '../data/data.ts';

/** How a dialect's items lie in a database and on disk. */
export interface ItemCodec {
  /** Prefix of the keys of an environment without one of its own. */
  readonly defaultPrefix: string;
  /** What the key of each kind's items ends in. */
  readonly keys: Readonly<Record<ItemKind, string>>;
  /** The text to store of an item. */
  encode(item: Item): string;
  /**
   * Reads a stored text.
   * @param known what this key held before: returned as it is when the text is the same, so that nothing is parsed twice
   * @throws DataError when it is no such item
   */
  decode(kind: ItemKind, key: string, text: string, known?: Item): Item;
  /**
   * Reads a whole set: `{"flags": {KEY: ITEM}, "segments": {KEY: ITEM}}`, with the items' own texts.
   * @param refuse takes single items that cannot be used; without it they make the whole useless
   * @throws DataError
   */
  parse(text: string, refuse?: RefuseItem): DataSet;
}
