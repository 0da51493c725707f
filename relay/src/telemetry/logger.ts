import type { LOG_LEVELS } from '@flagrelay/crds/severities';

/** ld-relay's log levels (contract 4.2, `logLevel`). */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of a log line. Values are redacted by the formatter; contexts and event payloads do not belong here at all. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes constant messages with fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line, with its own level where one is given. */
  child(fields: LogFields, level?: LogLevel): Logger;
}
