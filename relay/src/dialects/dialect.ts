import type { Dispatcher } from 'undici';
import type { RelayConfig } from '../config/document.ts';
import type { ConfigWatch } from '../config/load.ts';
import type { Compile } from '../data/data.ts';
import type { Definition, DefinitionRules, DefinitionSource } from '../environment/definition.ts';
import type { Environment } from '../environment/environment.ts';
import type { Evaluations } from '../environment/evaluator.ts';
import type { Family, Outlet } from '../environment/outlet.ts';
import type { Registry } from '../environment/registry.ts';
import type { Source } from '../environment/source.ts';
import type { StartupError } from '../errors.ts';
import type { Absences } from '../files/absences.ts';
import type { ContextBodies } from '../http/context-bodies.ts';
import type { Route } from '../http/router.ts';
import type { Takeover } from '../http/takeover.ts';
import type { ItemCodec } from '../store/codec.ts';
import type { DatabaseConnection } from '../store/factory.ts';
import type { Admission } from '../streams/admission.ts';
import type { Hub } from '../streams/hub.ts';
import type { StreamLimits } from '../streams/limits.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/**
 * A protocol family: its data, where they come from, what is made of them, and who may ask how. Programs (`modes/`) know nothing
 * else of one; no dialect knows another.
 *
 * From a request to its answer nothing of it stands in the way: its routes call its own code, and `Environment.read` the store.
 */
export interface Dialect<F extends Family = Family> {
  readonly name: string;
  /** Its items as text: in a database, in a snapshot. */
  readonly codec: ItemCodec;
  readonly rules: DefinitionRules<F['definition']>;
  readonly compile: Compile<F['compiled']>;
  /** Opens the list of environments and their sources. @throws {StartupError} */
  readonly createFeeds: CreateFeeds<F['definition']>;
  /** `createFeeds` for a process that ends and begins to serve again, and remembers what ran; absent: there is nothing to remember. */
  readonly recurringFeeds?: () => CreateFeeds<F['definition']>;
  /** Opens the outlet of each environment of a process that serves clients. */
  openOutlet(environment: Environment<F>, deps: OutletDeps, hub: Hub): F['outlet'];
  /** The same where nobody is served, such as in daemon mode: for what else the dialect keeps in the store. Undefined: nothing. */
  openKeeper?(definition: () => F['definition'], logger: Logger, deps: OutletDeps): Outlet<F['compiled']> | undefined;
  /** Makes the endpoints of a process. What is loaded for them is not loaded before. */
  serve(deps: ServeDeps<F>): Promise<Serving>;
}

/** Where the list of environments and each environment's data come from. */
export interface Feeds<D extends Definition = Definition> {
  readonly definitions: DefinitionSource<D>;
  /** Makes the source of one environment. */
  createSource(definition: D, logger: Logger): Source;
}

/** See {@link Dialect.createFeeds}. */
export type CreateFeeds<D extends Definition> = (config: RelayConfig, deps: FeedDeps) => Promise<Feeds<D>>;

/** Gives feeds their way to upstream, and hears of the configuration. */
export interface FeedDeps {
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly watch?: ConfigWatch;
  /** The configuration document was read again and taken over. */
  readonly onReload?: () => void;
  /** It was read again and has mistakes. */
  readonly onRejected?: () => void;
  /** A changed key was reloaded from its file. */
  readonly onRotated?: () => void;
  /** Other parts of the document wait for a restart than before. */
  readonly onHeld?: (parts: readonly string[]) => void;
  /** Keeps which files are missing. */
  readonly absences?: Absences;
  readonly fatal: (error: StartupError) => void;
}

/** What all outlets of a process share. */
export interface OutletDeps {
  readonly config: RelayConfig;
  readonly dispatcher: Dispatcher;
  /** The database of the stores; undefined without one. */
  readonly connection: DatabaseConnection | undefined;
  /** Another process keeps up to date what is shared in the database. */
  readonly follower: boolean;
  /** The outlet of this environment noticed something that concerns its clients in other workers, too: `Outlet.noticed` is called there. */
  readonly noticed: (id: string) => void;
}

/** The server that endpoints are part of, and what they share with all others. */
export interface ServeDeps<F extends Family = Family> {
  readonly config: RelayConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry<F>;
  readonly metrics: Metrics;
  readonly bodies: ContextBodies;
  readonly streams: StreamServices;
  /** Bytes of memory for evaluations that take turns with others. */
  readonly contextBytes: number;
}

/** What streams of server-sent events go through. */
export interface StreamServices {
  readonly takeover: Takeover;
  readonly admission: Admission;
  readonly limits: StreamLimits;
  /** A stream, or a poll that asks for a whole data set, was turned away. */
  shed(reason: ShedReason): void;
}

/**
 * Why a stream or poll was turned away: too many first payloads were being sent to streams (`queue`) or polls (`polls`), or too many
 * streams were open with the same credential, from the same address, or with mobile keys and client-side IDs altogether.
 */
export type ShedReason = 'queue' | 'polls' | 'credential' | 'address' | 'public';

/** A bound on memory, for metrics, in bytes. */
export interface MemoryUse {
  readonly used: number;
  readonly limit: number;
  /** How often there was no room, since the start; absent where nothing is refused. */
  readonly refused?: number;
}

/** The endpoints of one process, and what they hold. */
export interface Serving {
  readonly routes: readonly Route[];
  /** Its flags for clients of no dialect; undefined: it has none for them. */
  readonly evaluations?: Evaluations;
  /** Paths that begin so are about the relay itself: they are answered before there are data. */
  readonly ownPaths: readonly string[];
  /** What clients together are bounded in, by what it is. */
  memory(): Readonly<Record<string, MemoryUse>>;
  /** The cache of evaluations, where there is one. */
  evaluationCache?(): { readonly bytes: number; readonly hits: number; readonly misses: number };
  /** Evaluations that took turns with others, since the start. */
  largeEvaluations?(): number;
  /** The relay goes down: what waits to be sent is sent now. */
  hurry(): void;
  /** Sends what waits, for at most so many ms; then nothing is sent any more. Idempotent. */
  flush(ms?: number): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}
