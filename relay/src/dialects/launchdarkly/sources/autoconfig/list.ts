import type { DefinitionChanges } from '../../../../environment/definition.ts';
import type { EnvironmentDefinition } from '../../model/definition.ts';
import { definitionOfRep, type EnvironmentRep, type SharedSettings, succeed } from '../environment-rep.ts';
import type { AutoConfigMessage, FilterRep } from './message.ts';
import { createVersioned } from './versioned.ts';

/** The list of environments and filters in a form that can be kept. */
export interface StoredList {
  readonly environments: readonly EnvironmentRep[];
  readonly filters: readonly (FilterRep & { readonly id: string })[];
}

/** What a message made of the list. */
export type ListChange =
  /** Nothing: it is about an old version. */
  | { readonly kind: 'stale' }
  /** Nothing but what is refused. */
  | { readonly kind: 'refused' }
  /** All of it may be different. */
  | { readonly kind: 'whole' }
  /** What is different; nothing, where only a version is. */
  | ({ readonly kind: 'part' } & DefinitionChanges<EnvironmentDefinition>);

/** Messages that are about the list. */
export type ListMessage = Exclude<AutoConfigMessage, { readonly kind: 'reconnect' | 'ignored' }>;

/** The list of environments as AutoConfig's messages make it (contract 8.2). No clock and no I/O: the same messages make the same list. */
export interface EnvironmentList {
  /**
   * Applies a message. A change of one environment costs the same however many others there are.
   * @param now ms since the epoch: keys in grace that are over by then are dropped
   */
  apply(message: ListMessage, now: number): ListChange;
  /** One definition per environment, and one more per filter of its project. */
  definitions(): EnvironmentDefinition[];
  /** What upstream sent and cannot be used, by ID (`filters/ID` for a filter), with what is wrong; its former state stays. */
  refused(): ReadonlyMap<string, string>;
  stored(): StoredList;
  /** Environments, each once however many filters it has. */
  readonly size: number;
}

type StoredFilter = FilterRep & { readonly id: string };

/**
 * An empty list.
 * @param settings what the configuration says about all environments
 * @param cached what an earlier run knew: keys that it saw in grace stay good until their time
 */
export function createEnvironmentList(
  settings: SharedSettings,
  cached: readonly EnvironmentRep[] = [],
): EnvironmentList {
  let now = 0;
  const environments = createVersioned<EnvironmentRep>((former, next) => succeed(former, next, now));
  const filters = createVersioned<StoredFilter>();
  const refused = { environments: new Map<string, string>(), filters: new Map<string, string>() };
  const earlier = new Map(cached.map((environment) => [environment.envID, environment]));
  /** The first word about an environment follows on what an earlier run knew, whatever the versions. */
  const following = (id: string, environment: EnvironmentRep): EnvironmentRep => {
    const former = earlier.get(id);
    earlier.delete(id);
    return former === undefined ? environment : succeed(former, environment, now);
  };
  /** Keys of the filters of a project; two of them may have the same. */
  const keysOf = (project: string | undefined): ReadonlySet<string> =>
    new Set(filters.values().flatMap(({ projKey, key }) => (projKey === project ? [key] : [])));
  const definitionsOf = (environment: EnvironmentRep, keys: ReadonlySet<string>): EnvironmentDefinition[] => [
    definitionOfRep(environment, settings),
    ...[...keys].map((key) => definitionOfRep(environment, settings, key)),
  ];

  function replaceAll({ environments: listed, filters: filtered }: Extract<ListMessage, { kind: 'put' }>): void {
    refused.environments = new Map(listed.refused);
    refused.filters = new Map(filtered.refused);
    // An earlier run's description serves for one that cannot be read now.
    for (const id of listed.refused.keys()) {
      const former = earlier.get(id);
      if (former !== undefined) environments.upsert(id, { ...former, version: Number.NEGATIVE_INFINITY });
    }
    const good = [...listed.good].map(([id, one]) => [id, following(id, one)] as const);
    environments.put(new Map(good), new Set(listed.refused.keys()));
    filters.put(
      new Map([...filtered.good].map(([id, filter]) => [id, { ...filter, id }])),
      new Set(filtered.refused.keys()),
    );
    earlier.clear();
  }

  function changeEnvironment(id: string, change: () => boolean): ListChange {
    const before = environments.get(id);
    if (!change()) return { kind: 'stale' };
    const after = environments.get(id);
    const [former, changed] = [before, after].map((one) =>
      one === undefined ? [] : definitionsOf(one, keysOf(one.projKey)),
    ) as [EnvironmentDefinition[], EnvironmentDefinition[]];
    const kept = new Set(changed.map((one) => one.id));
    return { kind: 'part', removed: former.flatMap((one) => (kept.has(one.id) ? [] : [one.id])), changed };
  }

  /** @param next where the filter belongs from now on; absent: it goes */
  function changeFilter(id: string, next: FilterRep | undefined, change: () => boolean): ListChange {
    const projects = new Set([filters.get(id)?.projKey, next?.projKey]);
    const before = new Map([...projects].map((project) => [project, keysOf(project)]));
    if (!change()) return { kind: 'stale' };
    const removed: string[] = [];
    const changed: EnvironmentDefinition[] = [];
    for (const environment of environments.values()) {
      const former = before.get(environment.projKey);
      if (former === undefined) continue;
      const keys = keysOf(environment.projKey);
      for (const key of former.difference(keys)) removed.push(definitionOfRep(environment, settings, key).id);
      for (const key of keys.difference(former)) changed.push(definitionOfRep(environment, settings, key));
    }
    return { kind: 'part', removed, changed };
  }

  return {
    apply(message, at) {
      now = at;
      switch (message.kind) {
        case 'put':
          replaceAll(message);
          return { kind: 'whole' };
        case 'environment': {
          const { id, environment } = message;
          refused.environments.delete(id);
          return changeEnvironment(id, () => environments.upsert(id, environment));
        }
        case 'filter': {
          const { id, filter } = message;
          refused.filters.delete(id);
          return changeFilter(id, filter, () => filters.upsert(id, { ...filter, id }));
        }
        case 'remove': {
          const { id, version } = message;
          refused[message.what].delete(id);
          return message.what === 'environments'
            ? changeEnvironment(id, () => environments.remove(id, version))
            : changeFilter(id, undefined, () => filters.remove(id, version));
        }
        case 'refused':
          refused[message.what].set(message.id, message.reason);
          return { kind: 'refused' };
      }
    },
    definitions() {
      const keys = new Map<string, ReadonlySet<string>>();
      for (const { projKey } of filters.values()) if (!keys.has(projKey)) keys.set(projKey, keysOf(projKey));
      return environments.values().flatMap((one) => definitionsOf(one, keys.get(one.projKey) ?? NO_KEYS));
    },
    refused: () =>
      new Map([
        ...refused.environments,
        ...[...refused.filters].map(([id, reason]): [string, string] => [`filters/${id}`, reason]),
      ]),
    stored: () => ({ environments: environments.values(), filters: filters.values() }),
    get size() {
      return environments.size;
    },
  };
}

const NO_KEYS: ReadonlySet<string> = new Set();
