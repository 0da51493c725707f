import type { DataSet, Item } from '../data/data.ts';
import type { LinkError, LinkState, LinkStatus } from '../data/link.ts';
import type { BigSegmentStore } from '../dialects/launchdarkly/bigsegments/types.ts';
import type { CompiledData } from '../dialects/launchdarkly/evaluation/compiled.ts';
import {
  acceptedCredentials,
  type CredentialDigest,
  currentExpiring,
} from '../dialects/launchdarkly/model/credentials.ts';
import { flagsOnlyEvent, itemEvent, payloadsOf } from '../dialects/launchdarkly/outlet/payloads.ts';
import { jobAfter } from '../jobs/jobs.ts';
import type { Channel } from '../streams/channel.ts';
import type { Hub } from '../streams/hub.ts';
import { PING } from '../streams/sse.ts';
import { type FollowingLogger, followingLogger } from '../telemetry/following-logger.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { EnvironmentDefinition } from './definition.ts';
import { nextLink } from './link-status.ts';
import type { Source } from './source.ts';
import { SourceSlot } from './source-slot.ts';
import { type Store, StoreError, type StoreEvents } from './store.ts';

/**
 * How requests for an environment are treated (contract 1.2, 9.1): `starting` answers 503, `open` serves what there is,
 * `refused` (upstream does not know the key) is as if the environment did not exist, and so is `keyless`, unless the key is
 * only not known yet, which answers 503.
 */
export type Access = 'starting' | 'open' | 'refused' | 'keyless';

/** What a source delivered: the data as they are now, or an item that the store could not take. */
export type DataChange = ({ readonly data: DataSet } | { readonly item: Item }) & {
  /** When its message had come, as `performance.now()` counts. */
  readonly since?: number;
};

/** What an environment needs of the rest of the relay. */
export interface EnvironmentDeps {
  readonly hub: Hub;
  readonly logger: Logger;
  /** ms; then requests are let through although there is no data */
  readonly initTimeoutMs: number;
  createSource(definition: EnvironmentDefinition, logger: Logger): Source;
  createStore(definition: () => EnvironmentDefinition, events: StoreEvents, logger: Logger): Store;
  createBigSegments?(
    definition: () => EnvironmentDefinition,
    changed: () => void,
    logger: Logger,
  ): BigSegmentStore | undefined;
  /** No data within `initTimeoutMs`. */
  initTimedOut(environment: Environment): void;
  /** Health, data or definition changed: for metrics and reports. */
  changed(environment: Environment): void;
  /** This relay noticed that memberships in big segments changed: for the other workers of the pod. */
  membershipsChanged?(environment: Environment): void;
}

/** One environment: its source, its data and its streams. Credentials are looked up in the registry. */
export class Environment {
  readonly id: string;
  readonly logger: FollowingLogger;
  readonly all: Channel;
  readonly flags: Channel;
  readonly ping: Channel;
  readonly fdv2: Channel;
  readonly store: Store;
  readonly bigSegments: BigSegmentStore | undefined;
  readonly #deps: EnvironmentDeps;
  readonly #source: SourceSlot;
  #definition: EnvironmentDefinition;
  #link: LinkStatus = { state: 'INITIALIZING', stateSince: Date.now() };
  #access: Access = 'starting';
  #initialised = false;
  #timedOut = false;
  #storeHasData = false;
  #lastUpdate: number | undefined;
  #initTimer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #watchers: ((change: DataChange) => void)[] = [];

  constructor(definition: EnvironmentDefinition, deps: EnvironmentDeps) {
    this.id = definition.id;
    this.#definition = definition;
    this.#deps = deps;
    this.logger = followingLogger(deps.logger, { environment: definition.name }, definition.logLevel);
    this.all = deps.hub.createChannel('all');
    this.flags = deps.hub.createChannel('flags');
    this.ping = deps.hub.createChannel('ping');
    this.fdv2 = deps.hub.createChannel('fdv2');
    this.store = deps.createStore(
      () => this.#definition,
      { status: () => deps.changed(this), recovered: () => this.#source.restart() },
      this.logger,
    );
    this.bigSegments = deps.createBigSegments?.(
      () => this.#definition,
      () => {
        this.ping.publish(PING);
        deps.membershipsChanged?.(this);
      },
      this.logger,
    );
    this.#source = new SourceSlot({
      put: (data, since) => this.#put(data, since),
      upsert: (item, since) => this.#upsert(item, since),
      link: (state, error) => this.#linkChanged(state, error),
    });
  }

  get definition(): EnvironmentDefinition {
    return this.#definition;
  }

  get access(): Access {
    return this.#access;
  }

  get link(): LinkStatus {
    return this.#link;
  }

  /** Data was delivered at least once since the start. */
  get initialised(): boolean {
    return this.#initialised;
  }

  /** There is something to serve: from upstream, or from the store when the init timeout passed without upstream. */
  get hasData(): boolean {
    return this.#initialised || this.#storeHasData;
  }

  /** Nothing more is to be waited for before the relay may call itself started. */
  get settled(): boolean {
    return (
      this.#initialised ||
      this.#timedOut ||
      this.#storeHasData ||
      this.#access === 'refused' ||
      this.#access === 'keyless'
    );
  }

  /** ms since the epoch of the last message of the source that was applied; undefined before the first. */
  get lastUpdate(): number | undefined {
    return this.#lastUpdate;
  }

  /** Open SDK streams. */
  get streams(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.size, 0);
  }

  /** What to serve now; undefined without data. @throws StoreError */
  read(): CompiledData | undefined | Promise<CompiledData | undefined> {
    return this.store.read();
  }

  /** Calls `watcher` for everything that the source delivers from now on, for as long as the environment lives. */
  watch(watcher: (change: DataChange) => void): void {
    this.#watchers.push(watcher);
  }

  /** Connects to the source. Called once. */
  start(): void {
    if (!hasSource(this.#definition)) {
      this.#access = 'keyless';
      const { awaited, credentialProblem } = this.#definition;
      if (awaited === undefined) this.logger.error('the environment has no credential and cannot start');
      else this.logger.warn('the environment waits for its credential', { reason: credentialProblem });
      this.#deps.changed(this);
      return;
    }
    this.#access = 'starting';
    this.store.linked?.(false);
    this.#initTimer = jobAfter('init-timeout', this.#deps.initTimeoutMs, () => this.#initTimeout());
    this.#source.replace(this.#deps.createSource(this.#definition, this.logger), false);
    void this.#openFromSnapshot();
  }

  /**
   * Takes over a changed definition in place. The registry has already dropped the credentials that are no longer
   * accepted. A new SDK key gets a link of its own; the old link delivers until the new one does, if the old key has grace.
   * So it does when the key is the same and the data come from elsewhere: what cannot be read replaces nothing.
   */
  update(definition: EnvironmentDefinition): void {
    const old = this.#definition;
    this.#definition = definition;
    if (old.name !== definition.name || old.logLevel !== definition.logLevel) {
      this.logger.follow({ environment: definition.name }, definition.logLevel);
    }
    if (sameSource(old, definition)) {
      this.#deps.changed(this);
      return;
    }
    if (!hasSource(definition)) {
      this.#source.clear();
      this.#link = nextLink(this.#link, 'OFF', undefined, Date.now());
      this.#access = 'keyless';
      this.logger.error('the environment has no SDK key any more');
    } else if (this.#access === 'keyless' || this.#access === 'refused') {
      this.#link = this.#initialised ? this.#link : { state: 'INITIALIZING', stateSince: Date.now() };
      this.start();
      if (this.#initialised) this.#open();
    } else {
      const sameKey = old.sdkKey === definition.sdkKey;
      this.logger.info(
        sameKey ? 'the data come from elsewhere now' : 'the SDK key changed, connecting with the new one',
      );
      const grace = sameKey || (old.sdkKey !== undefined && stillAccepted(definition, old.sdkKey));
      this.#source.replace(this.#deps.createSource(definition, this.logger), grace);
    }
    this.#deps.changed(this);
  }

  /** True while the credential opens this environment: what was looked up may have been revoked since. */
  accepts(credential: CredentialDigest): boolean {
    return !this.#closed && acceptedCredentials(this.#definition, Date.now()).some((one) => one.digest === credential);
  }

  /** Another worker noticed that memberships in big segments changed. */
  membershipsChanged(): void {
    this.bigSegments?.forget();
    this.ping.publish(PING);
  }

  /** Ends the streams that a credential opened. */
  revoke(credential: string): void {
    for (const channel of this.#channels) channel.revoke(credential);
  }

  /** Closes streams, source and store. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#initTimer);
    for (const channel of this.#channels) channel.close();
    await this.#source.close();
    await this.bigSegments?.close();
    await this.store.close();
  }

  get #channels(): readonly Channel[] {
    return [this.all, this.flags, this.ping, this.fdv2];
  }

  async #put(data: DataSet, since = performance.now()): Promise<void> {
    const compiled = await this.#stored(() => this.store.init(data));
    this.#lastUpdate = Date.now();
    if (compiled !== undefined) {
      this.#initialised = true;
      this.#open();
      this.#lookForBigSegments(compiled);
      // An empty channel builds nothing; a patch or put of the same turn stays behind this one.
      if (this.all.size > 0) this.all.publish(payloadsOf(compiled).allPut, since);
      if (this.flags.size > 0) this.flags.publish(payloadsOf(compiled).flagsPut, since);
      for (const watcher of this.#watchers) watcher({ data: compiled.data, since });
      this.ping.publish(PING, since);
    }
    this.#deps.changed(this);
  }

  async #upsert(item: Item, since = performance.now()): Promise<void> {
    const result = await this.#stored(() => this.store.upsert(item));
    this.#lastUpdate = Date.now();
    // A version that is not newer is not news, unless another relay has put it into a shared database before this one:
    // SDKs drop what they have already (contract 2.3). A change that the store could not take is still told (6.5).
    if (result?.applied === false && this.store.status().database === undefined) return;
    const change = result === undefined ? { item, since } : { data: result.data.data, since };
    for (const watcher of this.#watchers) watcher(change);
    if (result !== undefined) this.#lookForBigSegments(result.data);
    if (this.all.size > 0) this.all.publish(itemEvent(item), since);
    const flagsEvent = this.flags.size > 0 ? flagsOnlyEvent(item) : undefined;
    if (flagsEvent !== undefined) this.flags.publish(flagsEvent, since);
    this.ping.publish(PING, since);
  }

  /** Runs a write; a store error is logged and shown in status, and mended by `recovered`. */
  async #stored<T>(write: () => Promise<T> | T): Promise<T | undefined> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.logger.error('the store did not take a change', { error: error.message });
      return undefined;
    }
  }

  /** Big segments are synchronised once there is one (contract 5.4). */
  #lookForBigSegments(data: CompiledData): void {
    if (data.bigSegmentKinds.size > 0) this.bigSegments?.seen();
  }

  #linkChanged(state: LinkState, error: LinkError | undefined): void {
    this.#link = nextLink(this.#link, state, error, Date.now());
    this.store.linked?.(state === 'VALID');
    // Data of an earlier run are no reason to serve a key that has been revoked since.
    const unconfirmed = this.#access === 'starting' || this.store.status().snapshotOf !== undefined;
    if (state === 'OFF' && !this.#initialised && unconfirmed) {
      clearTimeout(this.#initTimer);
      this.#access = 'refused';
      this.#storeHasData = false;
    }
    this.#deps.changed(this);
  }

  #open(): void {
    clearTimeout(this.#initTimer);
    this.#access = 'open';
  }

  /** Serves what an earlier run left on disk until upstream has answered. */
  async #openFromSnapshot(): Promise<void> {
    if ((await this.store.preloaded?.()) !== true) return;
    if (this.#closed || this.#initialised || this.#access !== 'starting') return;
    this.#storeHasData = (await this.#readStore()) !== undefined;
    if (!this.#storeHasData || this.#access !== 'starting') return;
    this.#open();
    this.#deps.changed(this);
  }

  #initTimeout(): void {
    if (this.#access !== 'starting') return;
    this.#access = 'open';
    void this.#readStore().then((data) => {
      if (this.#closed || this.#initialised) return;
      this.#storeHasData = data !== undefined;
      this.#timedOut = true;
      if (this.#storeHasData) {
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

  async #readStore(): Promise<CompiledData | undefined> {
    try {
      const data = await this.store.read();
      if (data !== undefined) this.#lookForBigSegments(data);
      return data;
    } catch (error) {
      this.logger.warn('the store cannot be read', { error: String(error) });
      return undefined;
    }
  }
}

function hasSource(definition: EnvironmentDefinition): boolean {
  return definition.dataFile !== undefined || definition.sdkKey !== undefined;
}

function sameSource(a: EnvironmentDefinition, b: EnvironmentDefinition): boolean {
  return a.sdkKey === b.sdkKey && a.dataFile === b.dataFile && a.filterKey === b.filterKey;
}

function stillAccepted(definition: EnvironmentDefinition, key: string): boolean {
  return (
    definition.acceptedSdkKeys.includes(key) || currentExpiring(definition, Date.now()).some((one) => one.value === key)
  );
}
