import { jobAfter, jobEvery } from '../jobs/jobs.ts';
import type { Logger } from '../telemetry/logger.ts';
import { CredentialIndex } from './credential-index.ts';
import type { Credential, CredentialDigest, Definition, DefinitionChanges, DefinitionSink } from './definition.ts';
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

/** A definition, and what it accepts now. */
interface Wanted<D> {
  readonly definition: D;
  readonly accepted: readonly Credential[];
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
  readonly #credentials = new CredentialIndex<Environment<F>>();
  /** How many environments still wait for a credential of each scope. */
  readonly #awaited = new Map<string, number>();
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
    const found = this.#find(credential, filter);
    return found ?? ((this.#awaited.get(scope) ?? 0) > 0 ? AWAITED : UNKNOWN);
  }

  /** {@link lookup} by the digest of the credential, of whichever kind it is. */
  lookupDigest(credential: CredentialDigest, filter: string): Lookup<F> {
    if (!this.#listed) return NO_LIST;
    if (this.#nextExpiry <= Date.now()) this.dropExpired();
    return this.#find(credential, filter) ?? UNKNOWN;
  }

  /** Undefined when nobody knows the credential. */
  #find(credential: CredentialDigest, filter: string): Lookup<F> | undefined {
    const byFilter = this.#credentials.holders(credential);
    if (byFilter === undefined) return undefined;
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
  rivalOf(environment: Environment<F>): Rival | undefined {
    if (!this.#credentials.waits(environment)) return undefined;
    const { definition } = environment;
    const { rules } = this.#deps;
    for (const { digest, scope } of rules.keys(definition)) {
      const holder = this.#credentials.holders(digest)?.get(rules.variant(definition));
      if (holder !== undefined && holder.definition.id !== definition.id) {
        return { name: holder.definition.name, what: rules.nameOf(scope) };
      }
    }
    return undefined;
  }

  replace(definitions: readonly F['definition'][]): void {
    this.#listed = true;
    const wanted = new Set(definitions.map((definition) => definition.id));
    const removed = [...this.#environments.keys()].filter((id) => !wanted.has(id));
    this.change({ removed, changed: definitions });
  }

  change({ removed, changed }: DefinitionChanges<F['definition']>): void {
    if (this.#closed) return;
    for (const id of removed) this.#remove(id);
    const now = Date.now();
    const wanted = changed.map((definition) => ({
      definition,
      accepted: this.#deps.rules.credentials(definition, now),
    }));
    // Keys may move from one environment to another: they are taken from the old one first.
    for (const one of wanted) this.#unbindRevoked(one);
    for (const one of wanted) this.#upsert(one);
    this.#armExpiry(now);
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
      if (this.#unbind(environment, accepted)) {
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

  #upsert({ definition, accepted }: Wanted<F['definition']>): void {
    let existing = this.#environments.get(definition.id);
    // Other data altogether: those of another variant must not be served meanwhile.
    if (existing !== undefined && this.#variant(existing.definition) !== this.#variant(definition)) {
      this.#remove(definition.id);
      existing = undefined;
    }
    this.#countAwaited(existing?.definition, definition);
    if (existing === undefined) {
      const environment = new Environment(definition, this.#deps);
      this.#environments.set(definition.id, environment);
      this.#bind(environment, { definition, accepted });
      environment.start();
      return;
    }
    this.#bind(existing, { definition, accepted });
    existing.update(definition);
  }

  #remove(id: string): void {
    const environment = this.#environments.get(id);
    if (environment === undefined) return;
    this.#countAwaited(environment.definition, undefined);
    this.#environments.delete(id);
    this.#unbind(environment);
    environment.logger.info('the environment was removed');
    this.#closeLater(environment);
    this.#deps.changed(environment);
  }

  #countAwaited(before: F['definition'] | undefined, now: F['definition'] | undefined): void {
    for (const kind of awaitedScopes(before)) this.#awaited.set(kind, (this.#awaited.get(kind) ?? 0) - 1);
    for (const kind of awaitedScopes(now)) this.#awaited.set(kind, (this.#awaited.get(kind) ?? 0) + 1);
  }

  #bind(environment: Environment<F>, { definition, accepted }: Wanted<F['definition']>): void {
    this.#expectExpiry(definition, Date.now());
    const digests = accepted.map(({ digest }) => digest);
    for (const { digest, holder } of this.#credentials.claim(environment, this.#variant(definition), digests)) {
      // Serving another environment's data under a key would be worse than not serving (contract 14, row 51).
      this.#logger.error('two environments have the same credential; the later one is not reachable with it', {
        environment: definition.name,
        other: holder.definition.name,
        credential: accepted.find((one) => one.digest === digest)?.scope,
      });
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

  #unbindRevoked({ definition, accepted }: Wanted<F['definition']>): void {
    const existing = this.#environments.get(definition.id);
    if (existing === undefined) return;
    this.#unbind(existing, new Set(accepted.map(({ digest }) => digest)));
  }

  /** Takes away every credential of an environment but those in `keep`. True when there was one. */
  #unbind(environment: Environment<F>, keep?: ReadonlySet<CredentialDigest>): boolean {
    const dropped = this.#credentials.release(environment, keep);
    for (const digest of dropped) environment.revoke(digest);
    return dropped.length > 0;
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

/** Scopes of the credentials that an environment waits for: its own, and the one before a rotation. */
function awaitedScopes(definition: Definition | undefined): readonly string[] {
  const { awaited = [], awaitedPrevious } = definition ?? {};
  return awaitedPrevious === undefined ? awaited : [...awaited, awaitedPrevious.scope];
}
