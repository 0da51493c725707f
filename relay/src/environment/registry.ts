import { jobAfter, jobEvery } from '../jobs/jobs.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CredentialDigest, DefinitionSink } from './definition.ts';
import { Environment, type EnvironmentDeps } from './environment.ts';
import type { Family } from './outlet.ts';

/** Result of a credential lookup: the environment, or why there is none (contract 1.2). */
export type Lookup<F extends Family = Family> =
  | { readonly found: true; readonly environment: Environment<F>; readonly credential: CredentialDigest }
  | NotFound;

/** Why a credential opens nothing. */
export interface NotFound {
  readonly found: false;
  readonly reason: 'unknown' | 'unknown-filter' | 'starting' | 'no-list' | 'awaited';
}

/** Another environment has a key of this one, and was there first. */
export interface Rival {
  /** Name of the other environment. */
  readonly name: string;
  /** Scope of the key, for people. */
  readonly what: string;
}

const UNKNOWN: NotFound = { found: false, reason: 'unknown' };
const UNKNOWN_FILTER: NotFound = { found: false, reason: 'unknown-filter' };
const STARTING: NotFound = { found: false, reason: 'starting' };
/** It may be a key that this process has not been given yet: nobody can say that it is wrong. */
const AWAITED: NotFound = { found: false, reason: 'awaited' };
const NO_LIST: NotFound = { found: false, reason: 'no-list' };

/** A timer cannot wait longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** All environments, and which credential opens which. It is the sink of definitions: changes are applied in place. */
export class Registry<F extends Family = Family> implements DefinitionSink<F['definition']> {
  readonly #deps: EnvironmentDeps<F>;
  readonly #logger: Logger;
  readonly #environments = new Map<string, Environment<F>>();
  /** Credential digest → variant of the environment, such as a payload filter ('' = none) → environment. */
  readonly #credentials = new Map<CredentialDigest, Map<string, Environment<F>>>();
  /** Scopes of credentials of which some environment still waits for its own; undefined until it is asked for after a change. */
  #awaited: ReadonlySet<string> | undefined;
  readonly #removed = new Set<Promise<void>>();
  readonly #cleanup: NodeJS.Timeout;
  #refused: ReadonlyMap<string, string> = new Map();
  /** When the next key in grace expires, in ms since the epoch; Infinity without one. */
  #nextExpiry = Number.POSITIVE_INFINITY;
  #expiryTimer: NodeJS.Timeout | undefined;
  #listed = false;
  #closed = false;

  /**
   * A key in grace ends at its own time.
   * @param credentialCleanupMs how often expired keys are looked for all the same (contract 9.2): a clock may be set
   */
  constructor(deps: EnvironmentDeps<F>, logger: Logger, credentialCleanupMs: number) {
    this.#deps = deps;
    this.#logger = logger;
    this.#cleanup = jobEvery('key-cleanup', credentialCleanupMs, () => this.dropExpired());
    this.#cleanup.unref();
  }

  /** False until the first list of environments came (AutoConfig). */
  get listed(): boolean {
    return this.#listed;
  }

  /** What the owner of the list sent and cannot be used, by ID with the reason. */
  get refusals(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** In order of appearance. */
  environments(): IterableIterator<Environment<F>> {
    return this.#environments.values();
  }

  get size(): number {
    return this.#environments.size;
  }

  get(id: string): Environment<F> | undefined {
    return this.#environments.get(id);
  }

  /** Finds the environment that a client's credential opens. Constant in time as to the credential. @param filter variant of the environment */
  lookup(scope: string, value: string, filter: string): Lookup<F> {
    if (!this.#listed) return NO_LIST;
    if (this.#nextExpiry !== Number.POSITIVE_INFINITY && this.#nextExpiry <= Date.now()) this.dropExpired();
    const credential = this.#deps.rules.digest(scope, value);
    const byFilter = this.#credentials.get(credential);
    if (byFilter === undefined) return this.#awaitedScopes().has(scope) ? AWAITED : UNKNOWN;
    const environment = byFilter.get(filter);
    if (environment === undefined) return UNKNOWN_FILTER;
    switch (environment.access) {
      case 'open':
        return { found: true, environment, credential };
      case 'starting':
        return STARTING;
      default:
        return environment.access === 'keyless' && environment.definition.awaited !== undefined ? AWAITED : UNKNOWN;
    }
  }

  /**
   * {@link lookup} where the client does not say of which kind its credential is: as the first scope that knows it. `scope` is
   * undefined when none does.
   */
  lookupAny<S extends string>(
    scopes: readonly S[],
    value: string,
    filter: string,
  ): { readonly lookup: Lookup<F>; readonly scope: S | undefined } {
    let lookup = UNKNOWN;
    for (const scope of scopes) {
      const result = this.lookup(scope, value, filter);
      if (result.found || (result.reason !== 'unknown' && result.reason !== 'awaited'))
        return { lookup: result, scope };
      if (result.reason === 'awaited') lookup = AWAITED;
    }
    return { lookup, scope: undefined };
  }

  /** Who has a key of an environment, if that is another one: it cannot be reached by it then. */
  rivalOf({ definition }: Environment<F>): Rival | undefined {
    const { rules } = this.#deps;
    for (const { digest, scope } of rules.keys(definition)) {
      const holder = this.#credentials.get(digest)?.get(rules.variant(definition));
      if (holder !== undefined && holder.definition.id !== definition.id) {
        return { name: holder.definition.name, what: rules.nameOf(scope) };
      }
    }
    return undefined;
  }

  replace(definitions: readonly F['definition'][]): void {
    this.#listed = true;
    const wanted = new Set(definitions.map((definition) => definition.id));
    for (const id of [...this.#environments.keys()]) {
      if (!wanted.has(id)) this.remove(id);
    }
    // Keys may move from one environment to another: they are taken from the old one first.
    for (const definition of definitions) this.#unbindRevoked(definition);
    for (const definition of definitions) this.upsert(definition);
  }

  upsert(definition: F['definition']): void {
    if (this.#closed) return;
    this.#awaited = undefined;
    let existing = this.#environments.get(definition.id);
    // Other data altogether: those of another variant must not be served meanwhile.
    if (existing !== undefined && this.#variant(existing.definition) !== this.#variant(definition)) {
      this.remove(definition.id);
      existing = undefined;
    }
    if (existing === undefined) {
      const environment = new Environment(definition, this.#deps);
      this.#environments.set(definition.id, environment);
      this.#bind(environment, definition);
      environment.start();
      return;
    }
    this.#unbindRevoked(definition);
    this.#bind(existing, definition);
    existing.update(definition);
  }

  remove(id: string): void {
    const environment = this.#environments.get(id);
    if (environment === undefined) return;
    this.#awaited = undefined;
    this.#environments.delete(id);
    this.#unbindExcept(environment, new Set());
    environment.logger.info('the environment was removed');
    this.#closeLater(environment);
  }

  refused(entries: ReadonlyMap<string, string>): void {
    this.#refused = entries;
  }

  /** Revokes the keys whose grace is over, and closes their streams. */
  dropExpired(now: number = Date.now()): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (const environment of this.#environments.values()) {
      if (this.#deps.rules.expiries(environment.definition).length === 0) continue;
      const accepted = new Set(this.#deps.rules.credentials(environment.definition, now).map((one) => one.digest));
      if (this.#unbindExcept(environment, accepted)) {
        environment.logger.info('a key expired');
        this.#deps.changed(environment);
      }
      this.#expectExpiry(environment.definition, now);
    }
    this.#armExpiry(now);
  }

  /** Closes every environment. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#cleanup);
    clearTimeout(this.#expiryTimer);
    for (const environment of this.#environments.values()) this.#closeLater(environment);
    await Promise.all(this.#removed);
  }

  #awaitedScopes(): ReadonlySet<string> {
    this.#awaited ??= new Set([...this.#environments.values()].flatMap(({ definition }) => definition.awaited ?? []));
    return this.#awaited;
  }

  #bind(environment: Environment<F>, definition: F['definition']): void {
    this.#expectExpiry(definition, Date.now());
    this.#armExpiry(Date.now());
    const filter = this.#variant(definition);
    for (const { digest, scope } of this.#deps.rules.credentials(definition, Date.now())) {
      let byFilter = this.#credentials.get(digest);
      if (byFilter === undefined) {
        byFilter = new Map();
        this.#credentials.set(digest, byFilter);
      }
      const holder = byFilter.get(filter);
      if (holder === undefined) {
        byFilter.set(filter, environment);
      } else if (holder !== environment) {
        // Serving another environment's data under a key would be worse than not serving (contract 14, row 51).
        this.#logger.error('two environments have the same credential; the later one is not reachable with it', {
          environment: definition.name,
          other: holder.definition.name,
          credential: scope,
        });
      }
    }
  }

  #variant(definition: F['definition']): string {
    return this.#deps.rules.variant(definition);
  }

  #expectExpiry(definition: F['definition'], now: number): void {
    for (const at of this.#deps.rules.expiries(definition)) {
      if (at > now) this.#nextExpiry = Math.min(this.#nextExpiry, at);
    }
  }

  #armExpiry(now: number): void {
    clearTimeout(this.#expiryTimer);
    if (this.#closed || this.#nextExpiry === Number.POSITIVE_INFINITY) return;
    this.#expiryTimer = jobAfter('key-expiry', Math.min(this.#nextExpiry - now, MAX_TIMER_MS), () =>
      this.dropExpired(),
    );
    this.#expiryTimer.unref();
  }

  #unbindRevoked(definition: F['definition']): void {
    const existing = this.#environments.get(definition.id);
    if (existing === undefined) return;
    this.#unbindExcept(
      existing,
      new Set(this.#deps.rules.credentials(definition, Date.now()).map((one) => one.digest)),
    );
  }

  /** Takes away every credential of an environment but those in `keep`. True when there was one. */
  #unbindExcept(environment: Environment<F>, keep: ReadonlySet<CredentialDigest>): boolean {
    const dropped = new Set<CredentialDigest>();
    for (const [digest, byFilter] of this.#credentials) {
      if (keep.has(digest)) continue;
      for (const [filter, holder] of byFilter) {
        if (holder !== environment) continue;
        byFilter.delete(filter);
        environment.revoke(digest);
        dropped.add(digest);
      }
      if (byFilter.size === 0) this.#credentials.delete(digest);
    }
    if (dropped.size > 0) this.#offer(dropped, environment);
    return dropped.size > 0;
  }

  /** Gives credentials that an environment let go of to one that has the same and could not have them until now. */
  #offer(credentials: ReadonlySet<CredentialDigest>, former: Environment<F>): void {
    const now = Date.now();
    for (const environment of this.#environments.values()) {
      if (environment === former) continue;
      const { definition } = environment;
      for (const { digest } of this.#deps.rules.credentials(definition, now)) {
        if (!credentials.has(digest)) continue;
        const byFilter = this.#credentials.get(digest) ?? new Map<string, Environment<F>>();
        this.#credentials.set(digest, byFilter);
        const filter = this.#variant(definition);
        if (!byFilter.has(filter)) byFilter.set(filter, environment);
      }
    }
  }

  #closeLater(environment: Environment<F>): void {
    const closing = environment
      .close()
      .catch((error: unknown) => {
        environment.logger.warn('the environment did not close cleanly', { error: String(error) });
      })
      .finally(() => this.#removed.delete(closing));
    this.#removed.add(closing);
  }
}
