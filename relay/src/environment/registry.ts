import {
  acceptedCredentials,
  type CredentialDigest,
  type CredentialKind,
  currentExpiring,
  digestOf,
} from '../dialects/launchdarkly/model/credentials.ts';
import { jobAfter, jobEvery } from '../jobs/jobs.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AwaitedCredential, DefinitionSink, EnvironmentDefinition } from './definition.ts';
import { Environment, type EnvironmentDeps } from './environment.ts';

/** Result of a credential lookup: the environment, or why there is none (contract 1.2). */
export type Lookup =
  | { readonly found: true; readonly environment: Environment; readonly credential: CredentialDigest }
  | { readonly found: false; readonly reason: 'unknown' | 'unknown-filter' | 'starting' | 'no-list' | 'awaited' };

/** Another environment has a key of this one, and was there first. */
export interface Rival {
  /** Name of the other environment. */
  readonly name: string;
  readonly kind: CredentialKind;
}

const UNKNOWN: Lookup = { found: false, reason: 'unknown' };
const UNKNOWN_FILTER: Lookup = { found: false, reason: 'unknown-filter' };
const STARTING: Lookup = { found: false, reason: 'starting' };
/** It may be a key that this process has not been given yet: nobody can say that it is wrong. */
const AWAITED: Lookup = { found: false, reason: 'awaited' };
const NO_LIST: Lookup = { found: false, reason: 'no-list' };

/** A timer cannot wait longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** All environments, and which credential opens which. It is the sink of definitions: changes are applied in place. */
export class Registry implements DefinitionSink {
  readonly #deps: EnvironmentDeps;
  readonly #logger: Logger;
  readonly #environments = new Map<string, Environment>();
  /** Credential digest → payload filter ('' = none) → environment. */
  readonly #credentials = new Map<CredentialDigest, Map<string, Environment>>();
  /** Client-side IDs are no secrets: those in use are looked up without a digest. */
  readonly #publicIds = new Map<string, CredentialDigest>();
  /** Kinds of credentials of which some environment still waits for its own; undefined until it is asked for after a change. */
  #awaited: ReadonlySet<AwaitedCredential> | undefined;
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
   * @param credentialCleanupMs how often expired SDK keys are looked for all the same (contract 9.2): a clock may be set
   */
  constructor(deps: EnvironmentDeps, logger: Logger, credentialCleanupMs: number) {
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
  environments(): IterableIterator<Environment> {
    return this.#environments.values();
  }

  get size(): number {
    return this.#environments.size;
  }

  get(id: string): Environment | undefined {
    return this.#environments.get(id);
  }

  /** Finds the environment that a client's credential and payload filter open. Constant in time as to the credential. */
  lookup(kind: CredentialKind, value: string, filter: string): Lookup {
    if (!this.#listed) return NO_LIST;
    if (this.#nextExpiry !== Number.POSITIVE_INFINITY && this.#nextExpiry <= Date.now()) this.dropExpired();
    const credential = (kind === 'env' ? this.#publicIds.get(value) : undefined) ?? digestOf(kind, value);
    const byFilter = this.#credentials.get(credential);
    if (byFilter === undefined) return kind !== 'env' && this.#awaitedKinds().has(kind) ? AWAITED : UNKNOWN;
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
   * {@link lookup} where the client does not say of which kind its credential is: as the first kind that knows it. `kind` is
   * undefined when none does.
   */
  lookupAny<K extends CredentialKind>(
    kinds: readonly K[],
    value: string,
    filter: string,
  ): { readonly lookup: Lookup; readonly kind: K | undefined } {
    let lookup = UNKNOWN;
    for (const kind of kinds) {
      const result = this.lookup(kind, value, filter);
      if (result.found || (result.reason !== 'unknown' && result.reason !== 'awaited')) return { lookup: result, kind };
      if (result.reason === 'awaited') lookup = AWAITED;
    }
    return { lookup, kind: undefined };
  }

  /** Who has the SDK key or the mobile key of an environment, if that is another one: it cannot be reached by it then. */
  rivalOf({ definition }: Environment): Rival | undefined {
    const { sdkKey, mobileKey, filterKey = '' } = definition;
    for (const [kind, value] of [
      ['sdk', sdkKey],
      ['mobile', mobileKey],
    ] as const) {
      if (value === undefined || value === '') continue;
      const holder = this.#credentials.get(digestOf(kind, value))?.get(filterKey);
      if (holder !== undefined && holder.definition.id !== definition.id) return { name: holder.definition.name, kind };
    }
    return undefined;
  }

  replace(definitions: readonly EnvironmentDefinition[]): void {
    this.#listed = true;
    const wanted = new Set(definitions.map((definition) => definition.id));
    for (const id of [...this.#environments.keys()]) {
      if (!wanted.has(id)) this.remove(id);
    }
    // Keys may move from one environment to another: they are taken from the old one first.
    for (const definition of definitions) this.#unbindRevoked(definition);
    for (const definition of definitions) this.upsert(definition);
  }

  upsert(definition: EnvironmentDefinition): void {
    if (this.#closed) return;
    this.#awaited = undefined;
    let existing = this.#environments.get(definition.id);
    // Other data altogether: those of another filter must not be served meanwhile.
    if (existing !== undefined && existing.definition.filterKey !== definition.filterKey) {
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
      if (environment.definition.expiringSdkKeys.length === 0) continue;
      const accepted = new Set(acceptedCredentials(environment.definition, now).map((one) => one.digest));
      if (this.#unbindExcept(environment, accepted)) {
        environment.logger.info('an SDK key expired');
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

  #awaitedKinds(): ReadonlySet<AwaitedCredential> {
    this.#awaited ??= new Set([...this.#environments.values()].flatMap(({ definition }) => definition.awaited ?? []));
    return this.#awaited;
  }

  #bind(environment: Environment, definition: EnvironmentDefinition): void {
    this.#expectExpiry(definition, Date.now());
    this.#armExpiry(Date.now());
    const filter = definition.filterKey ?? '';
    const { envId } = definition;
    if (envId !== undefined && envId !== '') this.#publicIds.set(envId, digestOf('env', envId));
    for (const { digest, kind } of acceptedCredentials(definition, Date.now())) {
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
          credential: kind,
        });
      }
    }
  }

  #expectExpiry(definition: EnvironmentDefinition, now: number): void {
    for (const { expiresAt } of currentExpiring(definition, now)) {
      this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
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

  #unbindRevoked(definition: EnvironmentDefinition): void {
    const existing = this.#environments.get(definition.id);
    if (existing === undefined) return;
    this.#unbindExcept(existing, new Set(acceptedCredentials(definition, Date.now()).map((one) => one.digest)));
  }

  /** Takes away every credential of an environment but those in `keep`. True when there was one. */
  #unbindExcept(environment: Environment, keep: ReadonlySet<CredentialDigest>): boolean {
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
    for (const [envId, digest] of this.#publicIds) {
      if (!this.#credentials.has(digest)) this.#publicIds.delete(envId);
    }
    if (dropped.size > 0) this.#offer(dropped, environment);
    return dropped.size > 0;
  }

  /** Gives credentials that an environment let go of to one that has the same and could not have them until now. */
  #offer(credentials: ReadonlySet<CredentialDigest>, former: Environment): void {
    const now = Date.now();
    for (const environment of this.#environments.values()) {
      if (environment === former) continue;
      const { definition } = environment;
      for (const { digest } of acceptedCredentials(definition, now)) {
        if (!credentials.has(digest)) continue;
        const byFilter = this.#credentials.get(digest) ?? new Map<string, Environment>();
        this.#credentials.set(digest, byFilter);
        const filter = definition.filterKey ?? '';
        if (!byFilter.has(filter)) byFilter.set(filter, environment);
      }
    }
  }

  #closeLater(environment: Environment): void {
    const closing = environment
      .close()
      .catch((error: unknown) => {
        environment.logger.warn('the environment did not close cleanly', { error: String(error) });
      })
      .finally(() => this.#removed.delete(closing));
    this.#removed.add(closing);
  }
}
