import { LOG_LEVELS } from '@flagrelay/crds/severities';
import winston from 'winston';
import type { LogFields, Logger, LogLevel } from './logger.ts';
import { redact } from './redact.ts';

/** How log lines look. */
export interface LogOptions {
  readonly level: LogLevel;
  /** `json`: one object a line; `text`: for people. */
  readonly format: 'json' | 'text';
  /** Where lines go; standard output when absent. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * The relay's logger. Credentials are taken out by the formatter, so that no call site can forget it. `close` flushes.
 */
export function createLogger(options: LogOptions): Logger {
  const transport =
    options.stream === undefined
      ? new winston.transports.Console({ forceConsole: false })
      : new winston.transports.Stream({ stream: options.stream });
  // The level is checked per logger below (environments have their own), so winston itself lets everything through.
  const out = winston.createLogger({ level: 'debug', format: format(options.format), transports: [transport] });
  return child((level, message, fields) => out.log(level, message, fields), {}, options.level);
}

type Write = (level: Exclude<LogLevel, 'none'>, message: string, fields: LogFields) => void;

function child(write: Write, own: LogFields, threshold: LogLevel): Logger {
  const minimum = LOG_LEVELS.indexOf(threshold);
  const at = (level: Exclude<LogLevel, 'none'>) => (message: string, fields?: LogFields) => {
    if (LOG_LEVELS.indexOf(level) >= minimum) write(level, message, { ...own, ...fields });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields, level) => child(write, { ...own, ...fields }, level ?? threshold),
  };
}

function format(kind: LogOptions['format']): winston.Logform.Format {
  return winston.format.printf((info) => {
    const { level, message, ...fields } = info;
    const time = new Date().toISOString();
    if (kind === 'json') return redact(JSON.stringify({ time, level, message, ...fields }));
    const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
    return escapeControls(redact(`${time} ${level.toUpperCase().padEnd(5)} ${String(message)}${rest.join('')}`));
  });
}

// Whatever a terminal or a reader of lines acts upon: controls, separators of lines, and what turns the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One line, whatever is in it: names of flags and errors of others may hold line feeds and escape sequences. */
function escapeControls(line: string): string {
  return line.replace(CONTROLS, (found) => {
    if (found === '\n') return '\\n';
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
