import { at, type Part } from '../part.ts';
import type { Report } from '../report.ts';

/** A value that somebody set in a values file. */
export interface GivenValue {
  /** Path of the value with file and line, for messages. */
  readonly origin: string;
  readonly value: unknown;
  readonly report: Report;
  /** Another value of the same file. */
  other(path: string): unknown;
}

/** What a RelayProxy has for one value of ld-relay-helm. */
export interface ValueRow {
  /** Path of the value: `pod.annotations`. */
  readonly path: string;
  /** Field of the RelayProxy: below `spec`, or of `metadata`; absent when there is none. */
  readonly field?: string;
  /** How the value becomes that of the field, where it is not simply taken over. */
  readonly how?: string;
  /** Why there is no field. */
  readonly because?: string;
  /** What to do instead. */
  readonly instead?: string;
  /** A value that means what pods do anyway: then nothing is lost. */
  readonly same?: (given: GivenValue) => boolean;
  /** Makes the part of the RelayProxy; absent for what is read by {@link variablesOf} and where there is no field. */
  readonly take?: (given: GivenValue) => Part;
}

/** A value that the field takes as it is. */
export function plain(path: string, field: string, how?: string): ValueRow {
  const take = ({ value }: GivenValue): Part =>
    (field.startsWith('metadata.') ? at(field, value) : { spec: at(field, value) }) as Part;
  return { path, field, ...(how === undefined ? {} : { how }), take };
}

/** A value that becomes that of a field by a function. */
export function by(path: string, field: string, how: string, take: (given: GivenValue) => Part): ValueRow {
  return { path, field, how, take };
}

/** A value that says how the relay itself is configured; the options in it have rows of their own. */
export function read(path: string, field: string, how: string): ValueRow {
  return { path, field, how };
}

/** A value that has no counterpart. */
export function none(path: string, because: string, instead: string, same?: ValueRow['same']): ValueRow {
  return { path, because, instead, ...(same === undefined ? {} : { same }) };
}
