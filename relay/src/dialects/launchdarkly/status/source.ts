import { isConnected } from '../../../environment/link-status.ts';
import type { Registry } from '../../../environment/registry.ts';
import { currentExpiring } from '../model/credentials.ts';
import type { LaunchDarkly, LaunchDarklyEnvironment } from '../outlet/outlet.ts';
import { type EnvironmentStatus, type StatusDocument, statusDocument } from './document.ts';

/** What `/status` tells, as it is when it is asked. */
export interface StatusSource {
  document(): StatusDocument;
  find(predicate: (environment: EnvironmentStatus) => boolean): EnvironmentStatus | undefined;
}

/** Rules of {@link createStatusSource}. */
export interface StatusSourceOptions {
  readonly version: string;
  readonly disconnectedAfterMs: number;
  readonly bigSegmentsStaleAsDegraded: boolean;
}

/** Reads the registry when asked; nothing is kept. */
export function createStatusSource(registry: Registry<LaunchDarkly>, options: StatusSourceOptions): StatusSource {
  const statusOf = (environment: LaunchDarklyEnvironment): EnvironmentStatus => {
    const now = Date.now();
    const { definition, link, initialised } = environment;
    // While nothing is served yet, `/status` tells no details, as ld-relay does (contract 3).
    const starting = environment.access === 'starting';
    const store = environment.store.status();
    const bigSegments = environment.outlet.bigSegments?.status();
    return {
      definition,
      link: starting ? { state: link.state, stateSince: link.stateSince } : link,
      store: starting ? { ...store, state: 'INITIALIZING', stateSince: 0 } : store,
      refused: environment.refused,
      connected: isConnected(link, initialised, options.disconnectedAfterMs, now),
      expiringKeys: currentExpiring(definition, now).map((key) => key.value),
      ...(bigSegments === undefined ? {} : { bigSegments }),
    };
  };
  return {
    document: () =>
      statusDocument([...registry.environments()].map(statusOf), {
        ...options,
        listed: registry.listed,
        refused: registry.refusals,
      }),
    find(predicate) {
      for (const environment of registry.environments()) {
        const status = statusOf(environment);
        if (predicate(status)) return status;
      }
      return undefined;
    },
  };
}
