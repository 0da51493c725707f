import type { EnvironmentDefinition } from '../../environment/definition.ts';
import { definitionOfRep, type EnvironmentRep, type SharedSettings } from '../environment-rep.ts';
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
  stored(): StoredList;
}

/** An empty list. */
export function createEnvironmentList(): EnvironmentList {
  const environments = createVersioned<EnvironmentRep>();
  const filters = createVersioned<FilterRep & { readonly id: string }>();
  return {
    apply(message) {
      switch (message.kind) {
        case 'put':
          environments.put(message.environments);
          filters.put(new Map([...message.filters].map(([id, filter]) => [id, { ...filter, id }])));
          return true;
        case 'environment':
          return environments.upsert(message.id, message.environment);
        case 'filter':
          return filters.upsert(message.id, { ...message.filter, id: message.id });
        case 'remove':
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
    stored: () => ({ environments: environments.values(), filters: filters.values() }),
  };
}
