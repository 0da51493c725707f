import type { RelayConfig } from '../config/document.ts';
import type { Compile, Compiled } from '../data/data.ts';
import type { Feeds } from '../dialects/dialect.ts';
import type { Definition, DefinitionRules, DefinitionSink } from '../environment/definition.ts';
import type { Environment } from '../environment/environment.ts';
import { rememberFirstList } from '../environment/first-list.ts';
import type { Family } from '../environment/outlet.ts';
import { Registry } from '../environment/registry.ts';
import { StartupError } from '../errors.ts';
import type { ItemCodec } from '../store/codec.ts';
import { createStores, type DatabaseConnection, type StoresDeps } from '../store/factory.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How a program runs its environments. */
export interface EnvironmentsDeps<F extends Family>
  extends Pick<StoresDeps<Definition, Compiled>, 'follower' | 'allowed' | 'onAbsent' | 'timed'> {
  readonly dialect: {
    readonly codec: ItemCodec;
    readonly compile: Compile<F['compiled']>;
    readonly rules: DefinitionRules<F['definition']>;
  };
  readonly logger: Logger;
  readonly feeds: Feeds<F['definition']>;
  /** What an earlier run left on disk is served, and kept up to date: only where there are clients. */
  readonly withSnapshots: boolean;
  /** Opens the outlet of an environment. @param connection to the database of the stores; undefined without one */
  readonly openOutlet: (environment: Environment<F>, connection: DatabaseConnection | undefined) => F['outlet'];
  /** Health, data or definition of an environment changed. */
  readonly changed: () => void;
  /** An environment that was there at the start has no data in time, and the configuration says to exit then. */
  readonly fatal?: (error: StartupError) => void;
}

/** The environments of a process, with their stores. */
export interface Environments<F extends Family> extends AsyncDisposable {
  readonly registry: Registry<F>;
  /** Where the list of environments goes. */
  readonly sink: DefinitionSink<F['definition']>;
}

/**
 * Puts the environments of a process together: stores, registry, and what connects them to sources and outlets. There are none
 * until the list comes.
 * @throws {StartupError} for settings of the store that cannot be used
 */
export async function openEnvironments<F extends Family>(
  config: RelayConfig,
  deps: EnvironmentsDeps<F>,
): Promise<Environments<F>> {
  const { dialect, logger, feeds, follower, allowed, onAbsent, timed } = deps;
  const { snapshot: _, ...withoutSnapshot } = config;
  await using closers = new AsyncDisposableStack();
  const stores = await createStores<F['definition'], F['compiled']>(deps.withSnapshots ? config : withoutSnapshot, {
    codec: dialect.codec,
    compile: dialect.compile,
    identity: dialect.rules.identity,
    logger,
    ...(follower === undefined ? {} : { follower }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(onAbsent === undefined ? {} : { onAbsent }),
    ...(timed === undefined ? {} : { timed }),
  });
  closers.defer(() => stores.close());
  const registry: Registry<F> = new Registry<F>(
    {
      rules: dialect.rules,
      logger,
      initTimeoutMs: config.upstream.initTimeoutMs,
      createSource: (definition, log) => feeds.createSource(definition, log),
      createStore: (definition, events, log) => stores.create(definition, events, log),
      openOutlet: (environment) => deps.openOutlet(environment, stores.connection),
      initTimedOut({ id, definition: { name } }) {
        if (config.upstream.onInitTimeout === 'exit' && sink.wasThere(id)) deps.fatal?.(initTimeout(name, config));
      },
      changed: deps.changed,
    },
    logger,
    config.credentialCleanupMs,
  );
  closers.defer(() => registry.close());
  const sink = rememberFirstList<F['definition']>(registry);
  const owned = closers.move();
  return { registry, sink, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function initTimeout(name: string, { upstream }: RelayConfig): StartupError {
  return new StartupError(
    `environment ${name} has no data after ${upstream.initTimeoutMs} ms (initTimeout); set ignoreConnectionErrors to go on without`,
  );
}
