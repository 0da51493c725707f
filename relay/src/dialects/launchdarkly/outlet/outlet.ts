import type { Item } from '../../../data/data.ts';
import type { CredentialDigest } from '../../../environment/definition.ts';
import type { Environment } from '../../../environment/environment.ts';
import type { Outlet } from '../../../environment/outlet.ts';
import type { Channel } from '../../../streams/channel.ts';
import type { Hub } from '../../../streams/hub.ts';
import type { BigSegmentStore } from '../bigsegments/types.ts';
import type { CompiledData } from '../evaluation/compiled.ts';
import type { EnvironmentDefinition } from '../model/definition.ts';
import type { DataChange } from './data-change.ts';
import { flagsOnlyEvent, itemEvent, payloadsOf } from './payloads.ts';
import { PING } from './ping.ts';

/**
 * What a stream carries (contract 2.2, 11.3): everything, flags only (old SDKs), bare pings, FDv2's transfers, or for clients of no dialect
 * that something changed.
 */
export type StreamKind = 'all' | 'flags' | 'ping' | 'fdv2' | 'changes';

/** Platforms of SDKs, as LaunchDarkly names them. */
export type Platform = 'server' | 'mobile' | 'browser';

/** The types of LaunchDarkly's dialect. */
export interface LaunchDarkly {
  readonly definition: EnvironmentDefinition;
  readonly compiled: CompiledData;
  readonly outlet: LaunchDarklyOutlet;
}

/** An environment that serves LaunchDarkly's SDKs. */
export type LaunchDarklyEnvironment = Environment<LaunchDarkly>;

/** What big segments of one environment tell. */
export type OpenBigSegments = (changed: () => void) => BigSegmentStore;

/** The streams of one environment, and its big segments. */
export class LaunchDarklyOutlet implements Outlet<CompiledData> {
  readonly all: Channel;
  readonly flags: Channel;
  readonly ping: Channel;
  readonly fdv2: Channel;
  /** Streams of clients of no dialect, which hear of changes by {@link watch} and {@link watchMemberships}. */
  readonly changes: Channel;
  readonly bigSegments: BigSegmentStore | undefined;
  readonly #membershipWatchers: (() => void)[] = [];
  readonly #watchers: ((change: DataChange) => void)[] = [];

  /**
   * @param openBigSegments absent: there is no database that holds them
   * @param noticed memberships changed: for the outlets in other workers
   */
  constructor(hub: Hub, openBigSegments: OpenBigSegments | undefined, noticed: () => void) {
    this.all = hub.createChannel('all' satisfies StreamKind);
    this.flags = hub.createChannel('flags' satisfies StreamKind);
    this.ping = hub.createChannel('ping' satisfies StreamKind);
    this.fdv2 = hub.createChannel('fdv2' satisfies StreamKind);
    this.changes = hub.createChannel('changes' satisfies StreamKind);
    this.bigSegments = openBigSegments?.(() => {
      this.#membershipsChanged();
      noticed();
    });
  }

  get streams(): number {
    return this.all.size + this.flags.size + this.ping.size + this.fdv2.size + this.changes.size;
  }

  /** Calls `watcher` for everything that the source delivers from now on, for as long as the environment lives. */
  watch(watcher: (change: DataChange) => void): void {
    this.#watchers.push(watcher);
  }

  /** Calls `watcher` whenever memberships in big segments changed, for as long as the environment lives. */
  watchMemberships(watcher: () => void): void {
    this.#membershipWatchers.push(watcher);
  }

  loaded(data: CompiledData): void {
    lookForBigSegments(this.bigSegments, data);
  }

  put(data: CompiledData, since: number): void {
    lookForBigSegments(this.bigSegments, data);
    // An empty channel builds nothing; a patch or put of the same turn stays behind this one.
    if (this.all.size > 0) this.all.publish(payloadsOf(data).allPut, since);
    if (this.flags.size > 0) this.flags.publish(payloadsOf(data).flagsPut, since);
    this.#tell({ data: data.data, since });
    this.ping.publish(PING, since);
  }

  changed(item: Item, data: CompiledData | undefined, since: number): void {
    this.#tell(data === undefined ? { item, since } : { data: data.data, since });
    if (data !== undefined) lookForBigSegments(this.bigSegments, data);
    if (this.all.size > 0) this.all.publish(itemEvent(item), since);
    const flagsEvent = this.flags.size > 0 ? flagsOnlyEvent(item) : undefined;
    if (flagsEvent !== undefined) this.flags.publish(flagsEvent, since);
    this.ping.publish(PING, since);
  }

  revoked(credential: CredentialDigest): void {
    for (const channel of this.#channels) channel.revoke(credential);
  }

  /** Another worker noticed that memberships in big segments changed. */
  noticed(): void {
    this.bigSegments?.forget();
    this.#membershipsChanged();
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) channel.close();
    await this.bigSegments?.close();
  }

  #membershipsChanged(): void {
    this.ping.publish(PING);
    for (const watcher of this.#membershipWatchers) watcher();
  }

  #tell(change: DataChange): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  get #channels(): readonly Channel[] {
    return [this.all, this.flags, this.ping, this.fdv2, this.changes];
  }
}

/** Where nobody is served, as in daemon mode: keeps the big segments in the store up to date. */
export function bigSegmentsOnly(bigSegments: BigSegmentStore): Outlet<CompiledData> {
  return {
    streams: 0,
    loaded: (data) => lookForBigSegments(bigSegments, data),
    put: (data) => lookForBigSegments(bigSegments, data),
    changed: (_item, data) => {
      if (data !== undefined) lookForBigSegments(bigSegments, data);
    },
    revoked: () => {},
    noticed: () => bigSegments.forget(),
    close: () => bigSegments.close(),
  };
}

/** Big segments are synchronised once there is one (contract 5.4). */
function lookForBigSegments(bigSegments: BigSegmentStore | undefined, data: CompiledData): void {
  if (data.bigSegmentKinds.size > 0) bigSegments?.seen();
}
