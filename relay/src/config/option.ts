import type { ValueType } from './values.ts';

/** Sections of the INI file; the options of the environment-variable front end are grouped the same way. */
export type Section =
  | 'Main'
  | 'Ops'
  | 'HTTP'
  | 'Concurrency'
  | 'AutoConfig'
  | 'OfflineMode'
  | 'Environment'
  | 'Filters'
  | 'Events'
  | 'Redis'
  | 'Snapshot'
  | 'Proxy'
  | 'Prometheus'
  | 'Datadog'
  | 'Stackdriver'
  | 'OpenTelemetry'
  | 'Consul'
  | 'DynamoDB';

/** Sections with a name of their own: `[Environment "name"]`. Their variables end in that name. */
export const NAMED_SECTIONS: ReadonlySet<Section> = new Set<Section>(['Environment', 'Filters']);

/** One option, for the environment parser, the INI parser and the documentation alike. */
export interface Option {
  readonly section: Section;
  /** Key in the INI file, compared without regard to case; absent for what only a variable says (`USE_REDIS`). */
  readonly key?: string;
  /** Sections of the INI file where the key is understood, too. */
  readonly alsoIn?: readonly Section[];
  /** Environment variable; ends in `_` where the name of the environment or project follows. */
  readonly env?: string;
  readonly type: ValueType;
  /** As the documentation shows it; absent = nothing. */
  readonly default?: string;
  /** What it does, for the documentation. */
  readonly text: string;
  /** ld-relay 8.10 does not have it. */
  readonly own?: true;
  /** Accepted, but without effect; says why. */
  readonly unused?: string;
  /** Not supported: a configuration that uses it is refused; says what to use instead. */
  readonly refused?: string;
  /** Variable that names the file of a secret, where it is not `<env>_FILE`. */
  readonly fileEnv?: string;
}
