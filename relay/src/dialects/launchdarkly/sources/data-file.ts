import { parse as parseYaml } from 'yaml';
import type { DataSet, ItemKind, RefuseItem } from '../../../data/data.ts';
import { inspect, type Json } from '../../../json/json.ts';
import { DataError, parseDataSet } from '../model/parse.ts';

/**
 * Reads a data file: `{flags, segments}` in LaunchDarkly's JSON, or the same as YAML. `flagValues` is the short form for
 * a flag that has one value for everybody. Items with numbers that cannot be are left out and given to `refuse`. Throws {@link DataError} that names the place.
 */
export function readDataFile(text: string, refuse?: RefuseItem): DataSet {
  const start = text.replace(/^\uFEFF/, '').trimStart();
  const json = start.startsWith('{') && isJson(start);
  if (json && !start.includes('"flagValues"')) return parseDataSet(start, refuse, 'empty');
  const document = json ? (JSON.parse(start) as unknown) : fromYaml(start);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new DataError('the file must hold an object with "flags" and "segments"');
  }
  const { flags, flagValues, segments } = document as Record<string, unknown>;
  const parts = {
    flags: finite('flags', withValues(flags, flagValues), refuse),
    segments: finite('segments', segments ?? {}, refuse),
  };
  return parseDataSet(JSON.stringify(parts), refuse, 'empty');
}

/** Without the items that have a number which JSON cannot say: it would become null. */
function finite(kind: ItemKind, items: unknown, refuse: RefuseItem | undefined): unknown {
  if (typeof items !== 'object' || items === null || Array.isArray(items)) return items;
  const good = Object.entries(items).filter(([key, item]) => {
    if (inspect(item as Json) !== 'range') return true;
    const reason = `/${kind}/${key}: a number is beyond the range of doubles`;
    if (refuse === undefined) throw new DataError(reason);
    refuse({ kind, key, reason });
    return false;
  });
  return Object.fromEntries(good);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // may still be YAML, whose flow form looks alike
  }
}

function fromYaml(text: string): unknown {
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    throw new DataError(`neither JSON nor YAML: ${(error as Error).message.split('\n')[0]}`, { cause: error });
  }
}

function withValues(flags: unknown, flagValues: unknown): unknown {
  if (flagValues === undefined || flagValues === null) return flags ?? {};
  if (typeof flagValues !== 'object' || Array.isArray(flagValues)) {
    throw new DataError('/flagValues: expected an object of flag keys and values');
  }
  const simple = Object.entries(flagValues).map(([key, value]) => [
    key,
    {
      key,
      version: 1,
      on: true,
      variations: [value as unknown],
      fallthrough: { variation: 0 },
      salt: key,
      clientSideAvailability: { usingEnvironmentId: true, usingMobileKey: true },
    },
  ]);
  return Object.fromEntries([...simple, ...Object.entries((flags ?? {}) as object)]) as unknown;
}
