import { type DataSet, type Item, type RefusedItem, withFormer } from '../data/data.ts';
import type { LinkError, LinkState, LinkStatus } from '../data/link.ts';
import { StoreError } from '../errors.ts';
import { jobAfter } from '../jobs/jobs.ts';
import { type FollowingLogger, followingLogger } from '../telemetry/following-logger.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CredentialDigest, Definition, DefinitionRules } from './definition.ts';
import { nextLink } from './link-status.ts';
import type { Family } from './outlet.ts';
import type { Source } from './source.ts';
import { SourceSlot } from './source-slot.ts';
import {
  type Access,
  hasData,
  INITIAL_STANDING,
  isSettled,
  nextStanding,
  type Standing,
  type StandingEvent,
} from './standing.ts';
import type { Store, StoreEvents } from './store.ts';

const NOTHING_REFUSED: ReadonlyMap<string, string> = new Map();

/** So many of what is refused are remembered by name. */
const MAX_REFUSED = 100;

const refusal = ({ kind, key, reason }: RefusedItem): [string, string] => [`${kind}/${key}`, reason];

/** Gives an environment its source, store and outlet, and hears of it. */
export interface EnvironmentDeps<F extends Family = Family> {
  readonly rules: DefinitionRules<F['definition']>;
  readonly logger: Logger;
  /** ms; then requests are let through although there is no data */
  readonly initTimeoutMs: number;
  createSource(definition: F['definition'], logger: Logger): Source;
  createStore(definition: () => F['definition'], events: StoreEvents, logger: Logger): Store<F['compiled']>;
  /** The last thing that is made of an environment: definition, store and logger are there. */
  openOutlet(environment: Environment<F>): F['outlet'];
  /** No data within `initTimeoutMs`. */
  initTimedOut(environment: Environment<F>): void;
  /** Health, data or definition changed: for metrics and reports. */
  changed(environment: Environment<F>): void;
}

/**
 * One environment: its definition, its source, its store, its outlet and its health. What the data mean, who may ask for them
 * and how they go out is its dialect's business. Credentials are looked up in the registry.
 */
export class Environment<F extends Family = Family> {
  readonly id: string;
  readonly logger: FollowingLogger;
  readonly store: Store<F['compiled']>;
  readonly outlet: F['outlet'];
  readonly #deps: EnvironmentDeps<F>;
  readonly #source: SourceSlot;
  #definition: F['definition'];
  #link: LinkStatus = { state: 'INITIALIZING', stateSince: Date.now() };
  #standing: Standing = INITIAL_STANDING;
  #lastUpdate: number | undefined;
  #refused: ReadonlyMap<string, string> = NOTHING_REFUSED;
  #initTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(definition: F['definition'], deps: EnvironmentDeps<F>) {
    this.id = definition.id;
    this.#definition = definition;
    this.#deps = deps;
    this.logger = followingLogger(deps.logger, { environment: definition.name }, definition.logLevel);
    this.store = deps.createStore(
      () => this.#definition,
      { status: () => deps.changed(this), recovered: () => this.#source.restart() },
      this.logger,
    );
    this.#source = new SourceSlot({
      put: (data, since) => this.#put(data, since),
      upsert: (item, since) => this.#upsert(item, since),
      refused: (item) => this.#refuse(item),
      link: (state, error) => this.#linkChanged(state, error),
      successorRefused: (error) => this.#successorRefused(error),
    });
    this.outlet = deps.openOutlet(this);
  }

  get definition(): F['definition'] {
    return this.#definition;
  }

  get access(): Access {
    return this.#standing.access;
  }

  get link(): LinkStatus {
    return this.#link;
  }

  /** Data was delivered at least once since the start. */
  get initialised(): boolean {
    return this.#standing.origin === 'source';
  }

  /** There is something to serve: from upstream, or from the store when the init timeout passed without upstream. */
  get hasData(): boolean {
    return hasData(this.#standing);
  }

  /** Nothing more is to be waited for before the relay may call itself started. */
  get settled(): boolean {
    return isSettled(this.#standing);
  }

  /** ms since the epoch of the last message of the source that was applied; undefined before the first. */
  get lastUpdate(): number | undefined {
    return this.#lastUpdate;
  }

  /** Flags and segments (`flags/KEY`) that the source sent and that cannot be used, with the reason: their former state is served. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** Open SDK streams. */
  get streams(): number {
    return this.outlet.streams;
  }

  /** What to serve now; undefined without data. @throws StoreError */
  read(): F['compiled'] | undefined | Promise<F['compiled'] | undefined> {
    return this.store.read();
  }

  /** Connects to the source. Called once. */
  start(): void {
    if (this.#deps.rules.source(this.#definition) === undefined) {
      this.#move({ type: 'keyless' });
      const { awaited, credentialProblem } = this.#definition as Definition;
      if (awaited === undefined) this.logger.error('the environment has no credential and cannot start');
      else this.logger.warn('the environment waits for its credential', { reason: credentialProblem });
      this.#deps.changed(this);
      return;
    }
    this.store.linked?.(false);
    this.#move({ type: 'started' });
    if (this.access === 'starting') {
      this.#initTimer = jobAfter('init-timeout', this.#deps.initTimeoutMs, () => this.#initTimeout());
    }
    this.#source.replace(this.#deps.createSource(this.#definition, this.logger), false);
    void this.#openFromSnapshot();
  }

  /**
   * Takes over a changed definition in place. The registry has already dropped the credentials that are no longer accepted. A
   * source that is another one takes the place of the old one when it delivers, if that has grace: what cannot be read replaces
   * nothing.
   */
  update(definition: F['definition']): void {
    const old = this.#definition;
    this.#definition = definition;
    if (old.name !== definition.name || old.logLevel !== definition.logLevel) {
      this.logger.follow({ environment: definition.name }, definition.logLevel);
    }
    const { rules } = this.#deps;
    const source = rules.source(definition);
    if (rules.source(old) === source) {
      this.#deps.changed(this);
      return;
    }
    if (source === undefined) {
      this.#source.clear();
      this.#link = nextLink(this.#link, 'OFF', undefined, Date.now());
      this.#move({ type: 'keyless' });
      this.logger.error('the environment has no credential any more');
    } else if (this.access === 'keyless' || this.access === 'refused') {
      if (!this.initialised) this.#link = { state: 'INITIALIZING', stateSince: Date.now() };
      this.start();
    } else {
      const { grace, message } = rules.succession(old, definition, Date.now());
      this.logger.info(message);
      this.#source.replace(this.#deps.createSource(definition, this.logger), grace);
    }
    this.#deps.changed(this);
  }

  /** True while the credential opens this environment: what was looked up may have been revoked since. */
  accepts(credential: CredentialDigest): boolean {
    if (this.#closed) return false;
    return this.#deps.rules.credentials(this.#definition, Date.now()).some((one) => one.digest === credential);
  }

  /** Ends the streams that a credential opened. */
  revoke(credential: CredentialDigest): void {
    this.outlet.revoked(credential);
  }

  /** Closes outlet, source and store. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#initTimer);
    // Its streams end now; the rest of it may wait for the store.
    const closing = this.outlet.close();
    await this.#source.close();
    await closing;
    await this.store.close();
  }

  async #put(data: DataSet, since = performance.now()): Promise<void> {
    const { refused } = data;
    const usable = refused === undefined ? data : withFormer(data, await this.#former());
    const compiled = await this.#stored(() => this.store.init(usable));
    this.#lastUpdate = Date.now();
    this.#refused = refused === undefined ? NOTHING_REFUSED : new Map(refused.slice(0, MAX_REFUSED).map(refusal));
    if (compiled !== undefined) {
      this.#move({ type: 'delivered' });
      if (!this.#closed) this.outlet.put(compiled, since);
    }
    this.#deps.changed(this);
  }

  async #upsert(item: Item, since = performance.now()): Promise<void> {
    const result = await this.#stored(() => this.store.upsert(item));
    this.#lastUpdate = Date.now();
    const name = `${item.kind}/${item.key}`;
    if (this.#refused.has(name)) this.#refused = new Map([...this.#refused].filter(([other]) => other !== name));
    // A version that is not newer is not news, unless another relay has put it into a shared database before this one:
    // SDKs drop what they have already (contract 2.3). A change that the store could not take is still told (6.5).
    if (result?.applied === false && this.store.status().database === undefined) return;
    if (!this.#closed) this.outlet.changed(item, result?.data, since);
  }

  /** Runs a write; a store error is logged and shown in status, and fixed by `recovered`. */
  async #stored<T>(write: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.logger.error('the store did not take a change', { error: error.message });
      return undefined;
    }
  }

  #refuse(item: RefusedItem): void {
    this.#refused = new Map([refusal(item), ...this.#refused].slice(0, MAX_REFUSED));
    this.#deps.changed(this);
  }

  /** What is served now, whatever the store can tell of it. */
  async #former(): Promise<DataSet | undefined> {
    try {
      return (await this.store.read())?.data;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return undefined;
    }
  }

  #linkChanged(state: LinkState, error: LinkError | undefined): void {
    this.#link = nextLink(this.#link, state, error, Date.now());
    this.store.linked?.(state === 'VALID');
    if (state === 'OFF') this.#move({ type: 'refused', unconfirmed: this.store.status().snapshotOf !== undefined });
    this.#deps.changed(this);
  }

  /** The link stays as it is, with the refusal as its last error: a look at the status shows that the rotation is not done. */
  #successorRefused(error: LinkError | undefined): void {
    this.#link = nextLink(this.#link, this.#link.state, error, Date.now());
    this.logger.warn(
      'upstream refuses the new credential: the link with the old one goes on, the new one is tried again',
    );
    this.#deps.changed(this);
  }

  /** Nothing is waited for any more unless it is `starting`. */
  #move(event: StandingEvent): void {
    this.#standing = nextStanding(this.#standing, event);
    if (this.access !== 'starting') clearTimeout(this.#initTimer);
  }

  /** Serves what an earlier run left on disk until upstream has answered. */
  async #openFromSnapshot(): Promise<void> {
    if ((await this.store.preloaded?.()) !== true) return;
    if (this.#closed || this.access !== 'starting') return;
    if ((await this.#readStore()) === undefined || this.access !== 'starting') return;
    this.#move({ type: 'preloaded' });
    this.#deps.changed(this);
  }

  #initTimeout(): void {
    if (this.access !== 'starting') return;
    this.#move({ type: 'timed-out' });
    void this.#readStore().then((data) => {
      if (this.#closed || this.initialised) return;
      this.#move({ type: 'looked', found: data !== undefined });
      if (data !== undefined) {
        this.logger.warn('no data from upstream within the initialization timeout; serving what the store has');
      } else {
        this.logger.error('no data from upstream within the initialization timeout', {
          timeoutMs: this.#deps.initTimeoutMs,
        });
        this.#deps.initTimedOut(this);
      }
      this.#deps.changed(this);
    });
  }

  async #readStore(): Promise<F['compiled'] | undefined> {
    try {
      const data = await this.store.read();
      if (data !== undefined && !this.#closed) this.outlet.loaded(data);
      return data;
    } catch (error) {
      this.logger.warn('the store cannot be read', { error: String(error) });
      return undefined;
    }
  }
}
