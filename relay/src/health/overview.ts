import type { DefinitionRules } from '../environment/definition.ts';
import type { Environment } from '../environment/environment.ts';
import { isConnected } from '../environment/link-status.ts';
import type { Family } from '../environment/outlet.ts';
import type { Registry, Rival } from '../environment/registry.ts';
import type { EnvironmentSample } from '../telemetry/metrics.ts';
import type { KeyGate } from './key-gate.ts';
import { credentialsDigest } from './key-revision.ts';
import { ownEnvironments } from './peers.ts';
import { type Readiness, readiness } from './readiness.ts';
import type { EnvironmentFacts, InstanceFacts } from './report-item.ts';

/** The health of the whole relay, in the forms that `/readyz`, the metrics and the reporter want it. */
export interface Overview {
  readiness(): Readiness;
  samples(): EnvironmentSample[];
  /** IDs of what the owner of the list sent and cannot be used. */
  refused(): string[];
  facts(): Pick<InstanceFacts, 'connectedEnvironments' | 'environments' | 'credentialsDigest'>;
}

/** Rules of {@link createOverview}. */
export interface OverviewOptions<F extends Family> {
  readonly rules: Pick<DefinitionRules<F['definition']>, 'keysFromFiles' | 'expiries'>;
  readonly disconnectedAfterMs: number;
  /** The relay is going down: it is not ready, whatever its environments say. */
  readonly draining: () => boolean;
  /** Holds a pod that lacks keys which others have; undefined where there is nobody to ask. */
  readonly keyGate?: () => KeyGate | undefined;
}

/** Reads the registry when asked; nothing is cached but that the relay was ready once. */
export function createOverview<F extends Family>(registry: Registry<F>, options: OverviewOptions<F>): Overview {
  let wasReady = false;

  const isUp = ({ link, initialised }: Environment<F>): boolean =>
    isConnected(link, initialised, options.disconnectedAfterMs, Date.now());

  return {
    readiness() {
      if (options.draining()) return { ready: false, reason: 'shutting down' };
      if (wasReady) return { ready: true, reason: 'ok' };
      const environments = [...registry.environments()];
      const held = options.keyGate?.()?.holds(ownEnvironments(environments.map(({ definition }) => definition)));
      const base = readiness(registry.listed, environments);
      const result = base.ready && held !== undefined ? { ready: false, reason: held } : base;
      wasReady = result.ready;
      return result;
    },
    refused: () => [...registry.refusals.keys()],
    samples: () =>
      [...registry.environments()].map((environment) => {
        const { definition, link, store, lastUpdate } = environment;
        // While nothing is served yet, a store that cannot be reached is no news.
        const storeUp = environment.access === 'starting' || store.status().state !== 'INTERRUPTED';
        return {
          name: definition.name,
          state: link.state,
          connected: isUp(environment),
          storeUp,
          credentialMissing: definition.credentialProblem !== undefined,
          dataAgeMs: lastUpdate === undefined ? undefined : Date.now() - lastUpdate,
          keyExpiries: options.rules.expiries(definition).filter((at) => at > Date.now()),
        };
      }),
    facts() {
      const environments = [...registry.environments()];
      const digest = credentialsDigest(
        environments.flatMap(({ definition }) => {
          const keys = options.rules.keysFromFiles(definition);
          return keys === undefined ? [] : [{ id: definition.id, keys }];
        }),
      );
      const views = environments.map((environment) => ({
        environment,
        connected: isUp(environment),
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

function factsOf<F extends Family>(
  environment: Environment<F>,
  connected: boolean,
  rival: Rival | undefined,
): EnvironmentFacts {
  const { definition, link } = environment;
  const store = environment.store.status();
  const storeState = store.database === undefined ? {} : { storeState: store.state };
  const { credentialProblem, credentialMissingSince = link.stateSince } = definition;
  if (rival !== undefined && credentialProblem === undefined) {
    const message = `has the same ${rival.what} as environment "${rival.name}", which is the one that it opens`;
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
    ...(definition.hasPrevious === true ? { hasPrevious: true } : {}),
    ...(definition.awaitedPrevious === undefined ? {} : { awaitedPrevious: definition.awaitedPrevious }),
    ...(link.lastError === undefined ? {} : { lastError: link.lastError }),
    ...storeState,
  };
}
