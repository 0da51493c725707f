import type { DataSet, Item, ItemKind, RefuseItem } from '../../../../data/data.ts';
import { memberTexts } from '../../../../json/scan.ts';
import type { ServerSentEvent } from '../../../../sse/parser.ts';
import { ItemError, parseDataSet, parseItem, tombstone } from '../../model/parse.ts';

/** What one event of the flag stream means. */
export type FlagMessage = { readonly put: DataSet } | { readonly upsert: Item };

/**
 * Reads one event of LaunchDarkly's `/all` stream (contract 2.2). Undefined for an event or path that is not known,
 * which is ignored (contract 2.3), and for a change of an item with a number that cannot be, which is given to `refuse`. Throws what the JSON or the item parser throws for other bad data.
 */
export function readFlagMessage(event: ServerSentEvent, refuse: RefuseItem): FlagMessage | undefined {
  switch (event.event) {
    case 'put': {
      const members = memberTexts(event.data);
      const path = members.get('path');
      // Which text it is does not matter to ld-relay.
      if (path !== undefined && typeof JSON.parse(path) !== 'string') throw new SyntaxError('"path" must be a string');
      const data = members.get('data');
      if (data === undefined) throw new SyntaxError('a put has no "data"');
      return { put: parseDataSet(data, refuse) };
    }
    case 'patch': {
      const members = memberTexts(event.data);
      const target = itemPath(members.get('path'));
      if (!target) return undefined;
      const data = members.get('data');
      if (data === undefined) throw new SyntaxError('a patch has no "data"');
      try {
        return { upsert: parseItem(target.kind, data, target.key) };
      } catch (error) {
        if (!(error instanceof ItemError)) throw error;
        refuse({ ...target, reason: error.message });
        return undefined;
      }
    }
    case 'delete': {
      const members = memberTexts(event.data);
      const target = itemPath(members.get('path'));
      if (!target) return undefined;
      const version: unknown = JSON.parse(members.get('version') ?? 'null');
      if (typeof version !== 'number') throw new SyntaxError('a delete has no numeric "version"');
      if (!Number.isSafeInteger(Math.trunc(version))) {
        refuse({ ...target, reason: 'the version of its deletion is not a number up to 2^53 - 1' });
        return undefined;
      }
      return { upsert: tombstone(target.kind, target.key, Math.trunc(version)) };
    }
    default:
      return undefined;
  }
}

/** @param text JSON; what is no string names no item, which ld-relay passes over */
function itemPath(text: string | undefined): { readonly kind: ItemKind; readonly key: string } | undefined {
  if (text === undefined) throw new SyntaxError('an event has no "path"');
  const path: unknown = JSON.parse(text);
  if (typeof path !== 'string') return undefined;
  for (const kind of ['flags', 'segments'] as const) {
    const prefix = `/${kind}/`;
    if (path.startsWith(prefix)) return { kind, key: path.slice(prefix.length) };
  }
  return undefined;
}
