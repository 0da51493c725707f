import type { LogFields, Logger, LogLevel } from '../telemetry/logger.ts';

/** One line that a {@link recordingLogger} was given. */
export interface LogLine extends LogFields {
  readonly level: LogLevel;
  readonly message: string;
}

/** A logger that keeps its lines, for assertions on what is said (and on what must never be said). */
export function recordingLogger(fields: LogFields = {}, lines: LogLine[] = []): Logger & { readonly lines: LogLine[] } {
  const write =
    (level: LogLevel) =>
    (message: string, more: LogFields = {}): void => {
      lines.push({ ...fields, ...more, level, message } as LogLine);
    };
  return {
    lines,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => recordingLogger({ ...fields, ...more }, lines),
  };
}
