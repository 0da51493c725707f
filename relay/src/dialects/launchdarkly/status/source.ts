import { isConnected } from '../../../environment/link-status.ts';
import type { Registry } from '../../../environment/registry.ts';
import { currentExpiring } from '../model/credentials.ts';
import type { EnvironmentDefinition, ExpiringKey } from '../model/definition.ts';
import type { LaunchDarkly, LaunchDarklyEnvironment } from '../outlet/outlet.ts';
import { type EnvironmentStatus, type StatusDocument, statusDocument } from './document.ts';

/** What `/status` tells, as it is when it is asked. */
export interface StatusSource {
  document(): StatusDocument;
  find(predicate: (environment: EnvironmentStatus) => boolean): EnvironmentStatus | undefined;
}

/** The lists of keys where there are more than the members for one key (and one in grace) tell, as of ld-relay 8.21. */
function furtherKeys(
  definition: EnvironmentDefinition,
  now: number,
): Pick<EnvironmentStatus, 'sdkKeys' | 'mobileKeys'> {
  const { sdkKey, acceptedSdkKeys, mobileKey, acceptedMobileKeys = [], expiringMobileKeys = [] } = definition;
  const list = (current: string | undefined, accepted: readonly string[], expiring: readonly ExpiringKey[]) => [
    ...new Set([...(current === undefined ? [] : [current]), ...accepted]).values().map((value) => ({ value })),
    ...expiring.map(({ value, expiresAt }) => ({ value, expiry: expiresAt })),
  ];
  const sdkKeys = list(sdkKey, acceptedSdkKeys, currentExpiring(definition, now));
  const inGrace = expiringMobileKeys.filter(({ expiresAt }) => expiresAt > now);
  const mobileKeys = list(mobileKey, acceptedMobileKeys, inGrace);
  return {
    ...(acceptedSdkKeys.length > 0 || sdkKeys.length > 2 ? { sdkKeys } : {}),
    ...(mobileKeys.length > 1 ? { mobileKeys } : {}),
  };
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
      ...furtherKeys(definition, now),
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
