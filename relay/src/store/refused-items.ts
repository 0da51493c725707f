import type { ItemKind, RefuseItem } from '../data/data.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Flags and segments that were left out of the data of this process, since it started. */
const refused = { flags: 0, segments: 0 };

/** How many items were refused, for metrics. */
export function refusedItems(): Readonly<typeof refused> {
  return refused;
}

/** Counts items that were left out of what is stored; logged by the one who calls. */
export function countRefused(kind: ItemKind, items: number): void {
  refused[kind] += items;
}

/**
 * Takes items that were refused one by one while the rest of their data were taken: each is logged and counted.
 * @param fields of the log line, where the logger does not name the environment
 */
export function refuseInto(logger: Logger, fields: Readonly<Record<string, string>> = {}): RefuseItem {
  return ({ kind, key, reason }) => {
    refused[kind] += 1;
    logger.error(`a ${kind === 'flags' ? 'flag' : 'segment'} cannot be used and is left out`, {
      ...fields,
      key,
      reason,
    });
  };
}
