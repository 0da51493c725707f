import type { EnvironmentDefinition } from '../dialects/launchdarkly/model/definition.ts';
import type { DefinitionSink } from '../environment/definition.ts';

/** A sink that keeps the lists it is given, and lets a test wait for the next. */
export function recordingDefinitions(): DefinitionSink<EnvironmentDefinition> & {
  readonly lists: (readonly EnvironmentDefinition[])[];
  /** The next list that has not been taken yet. */
  next(): Promise<readonly EnvironmentDefinition[]>;
} {
  const lists: (readonly EnvironmentDefinition[])[] = [];
  const unread: (readonly EnvironmentDefinition[])[] = [];
  const waiting: ((list: readonly EnvironmentDefinition[]) => void)[] = [];
  const unused = (): never => {
    throw new Error('only replace is expected');
  };
  return {
    lists,
    next() {
      const list = unread.shift();
      return list ? Promise.resolve(list) : new Promise((resolve) => waiting.push(resolve));
    },
    replace(list) {
      lists.push(list);
      const taker = waiting.shift();
      if (taker) taker(list);
      else unread.push(list);
    },
    upsert: unused,
    remove: unused,
  };
}
