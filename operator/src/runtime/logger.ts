import { Writable } from 'node:stream';
import { LOG_LEVELS } from '@flagrelay/crds/severities';
import winston from 'winston';

/** Fields of one log line; values are JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured logger: the message is constant, what varies goes into fields. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger;
}

/** A level of the operator's log: it always has one. */
export type LogLevel = Exclude<(typeof LOG_LEVELS)[number], 'none'>;

/** Log levels, least to most talkative. */
export const logLevels: readonly LogLevel[] = LOG_LEVELS.filter((level) => level !== 'none').reverse();

/** Formats of log lines: a JSON object, or words for people. */
export const logFormats = ['json', 'text'] as const;
export type LogFormat = (typeof logFormats)[number];

/** Names of fields whose value is never printed. */
const SECRET_FIELD =
  /^(.*[-_.]?)?(authorization|password|passwd|secret|token|sdk[-_]?key|mobile[-_]?key|api[-_]?key|private[-_]?key|credential|cookie)s?$/i;

/** Credentials that may stand inside any text: bearer tokens, JWTs, LaunchDarkly keys, passwords in URLs. */
const SECRET_TEXT: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic|ApiKey)\s+[\w~+/.=-]{6,}/gi, '$1 [redacted]'],
  [/\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g, '[redacted]'],
  [/\b(sdk|mob|api|rel)-[0-9a-f]{4,}[0-9a-f-]{8,}/gi, '$1-[redacted]'],
  [/(\/\/[^/\s:@]*):[^@/\s]+@/g, '$1:[redacted]@'],
];

const MAX_DEPTH = 6;

/** Text without the credentials that `SECRET_TEXT` recognises. */
export function redactText(text: string): string {
  return SECRET_TEXT.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/**
 * A copy of a log value in which no credential is left: secret fields by name, credentials inside any string by form.
 * Errors become `{name, message, cause}` plus their own safe fields. Cycles end at a depth of 6.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const copy: Record<string, unknown> = Object.create(null);
  if (value instanceof Error) {
    copy.name = value.name;
    copy.message = redactText(value.message);
    if (value.cause !== undefined) copy.cause = redact(value.cause, depth + 1);
    if (depth === 0 && value.stack) copy.stack = redactText(value.stack);
  }
  const entries =
    value instanceof Map ? [...value].map(([key, item]) => [String(key), item] as const) : Object.entries(value);
  for (const [key, item] of entries) {
    if (key in copy) continue;
    copy[key] = SECRET_FIELD.test(key) ? '[redacted]' : redact(item, depth + 1);
  }
  return copy;
}

/** Where log lines go and how many of them. */
export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Default `json`. */
  readonly format?: LogFormat;
  /** Receives each line without its line end. Default: standard output. */
  readonly write?: (line: string) => void;
}

/** A logger that writes one line an event: `time`, `level`, `message` and the fields, redacted in the formatter. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const format = winston.format.printf(options.format === 'text' ? textLine : jsonLine);
  const { write } = options;
  const root = winston.createLogger({
    level: options.level ?? 'info',
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    transports: [
      write === undefined
        ? new winston.transports.Console({ format })
        : new winston.transports.Stream({ stream: lineStream(write), format, eol: '\n' }),
    ],
  });
  return wrap(root, {});
}

function lineStream(write: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      write(chunk.trimEnd());
      done();
    },
  });
}

function safeParts({ level, message, fields }: winston.Logform.TransformableInfo) {
  const safe = redact(fields ?? {}) as Record<string, unknown>;
  return { head: { time: new Date().toISOString(), level, message: redactText(String(message)) }, safe };
}

function textLine(info: winston.Logform.TransformableInfo): string {
  const { head, safe } = safeParts(info);
  const fields = Object.entries(safe).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${head.time} ${head.level.toUpperCase()} ${head.message}${fields.join('')}`;
}

function jsonLine(info: winston.Logform.TransformableInfo): string {
  const { head, safe } = safeParts(info);
  return JSON.stringify({ ...head, ...safe, ...head }); // first for the eye, last because no field may replace them
}

function wrap(root: winston.Logger, bound: LogFields): Logger {
  const log = (level: LogLevel) => (message: string, fields?: LogFields) => {
    // Fields travel as one property: winston would merge a field named `message` into the message.
    root.log(level, message, { fields: { ...bound, ...fields } });
  };
  return {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    child: (fields) => wrap(root, { ...bound, ...fields }),
  };
}
