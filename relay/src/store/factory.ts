import type { RelayConfig } from '../config/document.ts';
import type { EnvironmentDefinition } from '../environment/definition.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Compile, createMemoryStore } from './memory.ts';
import type { Store, StoreEvents } from './store.ts';

/** Makes the store of one environment. */
export type StoreFactory = (definition: EnvironmentDefinition, events: StoreEvents, logger: Logger) => Store;

/** Picks the kind of store that the configuration asks for. Drivers are loaded only when they are used. */
export function createStoreFactory(_config: RelayConfig, compile: Compile): Promise<StoreFactory> {
  return Promise.resolve(() => createMemoryStore(compile));
}
