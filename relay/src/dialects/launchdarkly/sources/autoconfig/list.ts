import type { EnvironmentDefinition } from '../../model/definition.ts';
import { definitionOfRep, type EnvironmentRep, type SharedSettings, succeed } from '../environment-rep.ts';
import type { AutoConfigMessage, FilterRep } from './message.ts';
import { createVersioned } from './versioned.ts';

/** The list of environments and filters in a form that can be kept. */
export interface StoredList {
  readonly environments: readonly EnvironmentRep[];
  readonly filters: readonly (FilterRep & { readonly id: string })[];
}

/** The list of environments as AutoConfig's messages make it (contract 8.2). */
export interface EnvironmentList {
  /** Applies a message; false when it changed nothing. */
  apply(message: AutoConfigMessage): boolean;
  /** One definition per environment, and one more per filter of its project. */
  definitions(settings: SharedSettings): EnvironmentDefinition[];
  /** What upstream sent and cannot be used, by ID (`filters/ID` for a filter), with what is wrong; its former state stays. */
  refused(): ReadonlyMap<string, string>;
  stored(): StoredList;
}

/**
 * An empty list.
 * @param cached what an earlier run knew: keys that it saw in grace stay good until their time
 */
export function createEnvironmentList(cached: readonly EnvironmentRep[] = []): EnvironmentList {
  const environments = createVersioned<EnvironmentRep>((former, next) => succeed(former, next, Date.now()));
  const filters = createVersioned<FilterRep & { readonly id: string }>();
  const refused = { environments: new Map<string, string>(), filters: new Map<string, string>() };
  const earlier = new Map(cached.map((environment) => [environment.envID, environment]));
  /** The first word about an environment follows on what an earlier run knew, whatever the versions. */
  const following = (id: string, environment: EnvironmentRep): EnvironmentRep => {
    const former = earlier.get(id);
    earlier.delete(id);
    return former === undefined ? environment : succeed(former, environment, Date.now());
  };
  return {
    apply(message) {
      switch (message.kind) {
        case 'put': {
          refused.environments = new Map(message.environments.refused);
          refused.filters = new Map(message.filters.refused);
          // An earlier run's description serves for one that cannot be read now.
          for (const id of message.environments.refused.keys()) {
            const former = earlier.get(id);
            if (former !== undefined) environments.upsert(id, { ...former, version: Number.NEGATIVE_INFINITY });
          }
          const good = [...message.environments.good].map(([id, one]) => [id, following(id, one)] as const);
          environments.put(new Map(good), new Set(message.environments.refused.keys()));
          filters.put(
            new Map([...message.filters.good].map(([id, filter]) => [id, { ...filter, id }])),
            new Set(message.filters.refused.keys()),
          );
          earlier.clear();
          return true;
        }
        case 'environment':
          refused.environments.delete(message.id);
          return environments.upsert(message.id, message.environment);
        case 'filter':
          refused.filters.delete(message.id);
          return filters.upsert(message.id, { ...message.filter, id: message.id });
        case 'refused':
          refused[message.what].set(message.id, message.reason);
          return true;
        case 'remove':
          refused[message.what].delete(message.id);
          return (message.what === 'environments' ? environments : filters).remove(message.id, message.version);
        default:
          return false;
      }
    },
    definitions: (settings) =>
      environments.values().flatMap((environment) => [
        definitionOfRep(environment, settings),
        ...filters
          .values()
          .filter((filter) => filter.projKey === environment.projKey)
          .map((filter) => definitionOfRep(environment, settings, filter.key)),
      ]),
    refused: () =>
      new Map([
        ...refused.environments,
        ...[...refused.filters].map(([id, reason]): [string, string] => [`filters/${id}`, reason]),
      ]),
    stored: () => ({ environments: environments.values(), filters: filters.values() }),
  };
}
