/** State of one environment, read when metrics are scraped. */
export interface EnvironmentSample {
  readonly name: string;
  readonly state: string;
  readonly connected: boolean;
  readonly storeUp: boolean;
  /** The file of one of its keys is missing. */
  readonly credentialMissing: boolean;
  /** ms since upstream last sent something; undefined before the first */
  readonly dataAgeMs: number | undefined;
  /** When keys of it end by themselves, ms since the epoch; those that have ended are not among them. */
  readonly keyExpiries: readonly number[];
}

/** How the process stands to its configuration. */
export interface ConfigSources {
  /** Parts of the document that wait for a restart. */
  held(): readonly string[];
  readonly absences: { states(): readonly { readonly input: string; readonly missing: boolean }[] };
}

/** What is read when metrics are scraped. */
export interface MetricSources {
  environments(): readonly EnvironmentSample[];
  ready(): boolean;
  /** What the process cannot read, and what of its configuration waits. */
  readonly config: ConfigSources;
  /** IDs of environments whose description cannot be used. */
  refused?(): readonly string[];
  /** The cache of evaluations, where there is one; `bytes` are what is kept now, the others have counted since the start. */
  evaluationCache?(): { readonly bytes: number; readonly hits: number; readonly misses: number };
  /** Open connections of SDKs. */
  connections?(): number;
  /** Whole data sets that are being sent to SDKs, and SDKs that wait for that. */
  firstPayloads?(): { readonly held: number; readonly waiting: number };
  /** What clients together are bounded in, by what it is. */
  memory?(): Readonly<Record<string, { readonly used: number; readonly limit: number }>>;
  /** How often there was no room, since the start. */
  memoryRefused?(): Readonly<Record<string, number>>;
  /** Where data come from sources. */
  refusedItems?(): Readonly<Record<'flags' | 'segments', number>>;
  /** Where contexts are evaluated. */
  largeEvaluations?(): number;
  /** Daemon mode: whether this process keeps the store up to date. */
  active?(): boolean;
}
