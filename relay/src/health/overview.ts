import { currentExpiring } from '../dialects/launchdarkly/model/credentials.ts';
import {
  type EnvironmentStatus,
  type StatusDocument,
  statusDocument,
} from '../dialects/launchdarkly/status/document.ts';
import type { Environment } from '../environment/environment.ts';
import { isConnected } from '../environment/link-status.ts';
import type { Registry, Rival } from '../environment/registry.ts';
import type { EnvironmentSample } from '../telemetry/metrics.ts';
import type { KeyGate } from './key-gate.ts';
import { credentialsDigest } from './key-revision.ts';
import { awaitedOf } from './peers.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { EnvironmentFacts, InstanceFacts } from './report-item.ts';

/** The health of the whole relay, in the forms that `/status`, `/readyz`, the metrics and the reporter want it. */
export interface Overview {
  document(): StatusDocument;
  find(predicate: (environment: EnvironmentStatus) => boolean): EnvironmentStatus | undefined;
  readiness(): Readiness;
  samples(): EnvironmentSample[];
  /** IDs of what the owner of the list sent and cannot be used. */
  refused(): string[];
  facts(): Pick<InstanceFacts, 'connectedEnvironments' | 'environments' | 'credentialsDigest'>;
}

/** Rules of {@link createOverview}. */
export interface OverviewOptions {
  readonly version: string;
  readonly disconnectedAfterMs: number;
  readonly bigSegmentsStaleAsDegraded: boolean;
  /** The relay is going down: it is not ready, whatever its environments say. */
  readonly draining: () => boolean;
  /** Holds a pod that lacks keys which others have; undefined where there is nobody to ask. */
  readonly keyGate?: () => KeyGate | undefined;
}

/** Reads the registry when asked; nothing is cached but that the relay was ready once. */
export function createOverview(registry: Registry, options: OverviewOptions): Overview {
  let wasReady = false;

  const statusOf = (environment: Environment): EnvironmentStatus => {
    const now = Date.now();
    const { definition, initialised } = environment;
    // While nothing is served yet, `/status` tells no details, as ld-relay does (contract 3).
    const starting = environment.access === 'starting';
    const { state, stateSince } = environment.link;
    const bigSegments = environment.bigSegments?.status();
    return {
      definition,
      link: starting ? { state, stateSince } : environment.link,
      store: starting
        ? { ...environment.store.status(), state: 'INITIALIZING', stateSince: 0 }
        : environment.store.status(),
      connected: isConnected(environment.link, initialised, options.disconnectedAfterMs, now),
      expiringKeys: currentExpiring(definition, now).map((key) => key.value),
      ...(bigSegments === undefined ? {} : { bigSegments }),
    };
  };
  const all = (): EnvironmentStatus[] => [...registry.environments()].map(statusOf);

  return {
    document: () => statusDocument(all(), { ...options, listed: registry.listed, refused: registry.refusals }),
    find(predicate) {
      for (const environment of registry.environments()) {
        const status = statusOf(environment);
        if (predicate(status)) return status;
      }
      return undefined;
    },
    readiness() {
      if (options.draining()) return { ready: false, reason: 'shutting down' };
      if (wasReady) return { ready: true, reason: 'ok' };
      const environments = [...registry.environments()];
      const held = options.keyGate?.()?.holds(awaitedOf(environments.map(({ definition }) => definition)));
      const base = readiness(registry.listed, environments);
      const result = base.ready && held !== undefined ? { ready: false, reason: held } : base;
      wasReady = result.ready;
      return result;
    },
    refused: () => [...registry.refusals.keys()],
    samples: () =>
      [...registry.environments()].map((environment) => {
        const status = statusOf(environment);
        return {
          name: environment.definition.name,
          state: status.link.state,
          connected: status.connected,
          storeUp: status.store.state !== 'INTERRUPTED',
          credentialMissing: environment.definition.credentialProblem !== undefined,
          dataAgeMs: environment.lastUpdate === undefined ? undefined : Date.now() - environment.lastUpdate,
        };
      }),
    facts() {
      const environments = [...registry.environments()];
      const digest = credentialsDigest(environments.map(({ definition }) => definition));
      const views = environments.map((environment) => ({
        environment,
        connected: statusOf(environment).connected,
        rival: registry.rivalOf(environment),
      }));
      return {
        ...(digest === undefined ? {} : { credentialsDigest: digest }),
        connectedEnvironments: views.filter(({ connected, rival }) => connected && rival === undefined).length,
        environments: views.map(({ environment, connected, rival }) => factsOf(environment, connected, rival)),
      };
    },
  };
}

const KEYS = { sdk: 'SDK key', mobile: 'mobile key', env: 'client-side ID' } as const;

function factsOf(environment: Environment, connected: boolean, rival: Rival | undefined): EnvironmentFacts {
  const { definition, link } = environment;
  const store = environment.store.status();
  const storeState = store.database === undefined ? {} : { storeState: store.state };
  const { credentialProblem, credentialMissingSince = link.stateSince } = definition;
  if (rival !== undefined && credentialProblem === undefined) {
    const message = `has the same ${KEYS[rival.kind]} as environment "${rival.name}", which is the one that it opens`;
    const lastError = { kind: 'DUPLICATE_CREDENTIAL', time: link.stateSince, message } as const;
    return { name: definition.name, state: 'DuplicateCredential', since: link.stateSince, lastError, ...storeState };
  }
  return {
    name: definition.name,
    // Also with data at hand: a pod that starts now would not have the key.
    ...(credentialProblem === undefined
      ? { state: link.state, since: link.stateSince }
      : { state: 'CredentialMissing' as const, served: connected, since: credentialMissingSince }),
    ...(definition.awaited === undefined ? {} : { awaited: definition.awaited }),
    ...(link.lastError === undefined ? {} : { lastError: link.lastError }),
    ...storeState,
  };
}
