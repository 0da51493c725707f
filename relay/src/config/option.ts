import type * as z from 'zod';
import type { Value, ValueType } from './values.ts';

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

/**
 * One option, declared once: the readers of environment variables and of the INI file, the schema of the JSON document, the documentation
 * and `flagrelay migrate` all go by it.
 */
export interface Option {
  readonly section: Section;
  /** Key in the INI file, compared without regard to case; absent for what only a variable says (`USE_REDIS`). */
  readonly key?: string;
  /** Sections of the INI file where the key is understood, too. */
  readonly alsoIn?: readonly Section[];
  /** Environment variable; ends in `_` where the name of the environment or project follows. */
  readonly env?: string;
  readonly type: ValueType;
  /** What holds where it is not set, written as a value is. Absent = nothing, or what {@link unset} says. */
  readonly default?: string;
  /** The same for the documentation alone, where the default is no value: it depends on something, or is somebody else's. */
  readonly unset?: string;
  /** The least number that it takes (ms for durations, bytes for sizes), and what a mistake in a variable or in the INI file says. */
  readonly least?: { readonly value: number; readonly rule: string };
  /** The largest number that it takes. */
  readonly most?: number;
  /** A duration of which less than nothing has a meaning of its own; of others it means nothing. */
  readonly signed?: true;
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
  /** A secret that `check-config` shows all the same. */
  readonly shown?: true;
  /** The member of the JSON document that it is (`document.ts` says which); absent where several options make one (`assemble.ts`). */
  readonly schema?: z.ZodType;
  /** What a RelayProxy has for it; absent for what is unused or refused, and for files of secrets. */
  readonly becomes?: Counterpart;
}

/** What a RelayProxy has for an option. */
export type Counterpart =
  | {
      /** Field below `spec`. */
      readonly field: string;
      /** How the value becomes that of the field, where it is not simply taken over. */
      readonly how?: string;
      /** The least and the most that a field of `limits` takes, in its unit (durations are seconds there). */
      readonly range?: readonly [least: number, most: number];
      /** What 0 becomes, where it has a meaning of its own. */
      readonly zero?: number | 'no field';
      readonly because?: undefined;
    }
  | {
      readonly field?: undefined;
      /** Why there is no field. */
      readonly because: string;
      /** What to do instead. */
      readonly instead: string;
      /** What pods do anyway: nothing is lost when the option has this value. */
      readonly same?: Value;
    };
