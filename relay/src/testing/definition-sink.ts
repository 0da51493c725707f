import type { EnvironmentDefinition } from '../dialects/launchdarkly/model/definition.ts';
import { applyChanges, type DefinitionChanges, type DefinitionSink } from '../environment/definition.ts';

/** A sink that keeps the lists it is given, and lets a test wait for the next. */
export function recordingDefinitions(): DefinitionSink<EnvironmentDefinition> & {
  /** The list as it was after each word about it, in order of appearance. */
  readonly lists: (readonly EnvironmentDefinition[])[];
  /** What was told as changes only. */
  readonly changes: DefinitionChanges[];
  /** What was told as refused, each time. */
  readonly refusals: ReadonlyMap<string, string>[];
  /** The next list that has not been taken yet. */
  next(): Promise<readonly EnvironmentDefinition[]>;
} {
  const lists: (readonly EnvironmentDefinition[])[] = [];
  const changes: DefinitionChanges[] = [];
  const refusals: ReadonlyMap<string, string>[] = [];
  const unread: (readonly EnvironmentDefinition[])[] = [];
  const waiting: ((list: readonly EnvironmentDefinition[]) => void)[] = [];
  let current = new Map<string, EnvironmentDefinition>();
  const record = (): void => {
    const list = [...current.values()];
    lists.push(list);
    const taker = waiting.shift();
    if (taker) taker(list);
    else unread.push(list);
  };
  return {
    lists,
    changes,
    refusals,
    next() {
      const list = unread.shift();
      return list ? Promise.resolve(list) : new Promise((resolve) => waiting.push(resolve));
    },
    replace(list) {
      current = new Map(list.map((definition) => [definition.id, definition]));
      record();
    },
    change(change) {
      changes.push(change);
      applyChanges(current, change);
      record();
    },
    refused: (entries) => void refusals.push(entries),
  };
}
