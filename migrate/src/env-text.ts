import { isUnit, unitLines } from './systemd-unit.ts';
import { MigrateError, type Variable } from './variables.ts';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** What a text with variables refers to beside itself. */
export interface EnvTextSurroundings {
  readonly readFile?: (path: string) => string | undefined;
  readonly missing?: (subject: string, text: string) => void;
}

/**
 * Reads `NAME=value` lines: a .env file (comments, `export`, quotes around a value, which may then go over several lines), an
 * `EnvironmentFile` of systemd (comments with `;`, a line that ends in a backslash goes on), a unit file of systemd, what `env` prints, or a
 * process's `/proc/PID/environ`. The last of several values counts.
 *
 * @param file name for messages
 * @throws {MigrateError} that names each line that is none of these
 */
export function parseEnvText(text: string, file: string, around: EnvTextSurroundings = {}): Map<string, Variable> {
  if (text.includes('\0')) return fromEntries(text.split('\0'), file);
  if (isUnit(text)) return fromUnit(text, file, around);
  const variables = new Map<string, Variable>();
  const mistakes: string[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const origin = `${file} line ${at + 1}`;
    if (/^\s*([#;].*)?$/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([^=]*?)\s*=\s*(.*)$/s.exec(line);
    const name = match?.[1] ?? '';
    if (name === '') {
      mistakes.push(`${origin}: must be NAME=value or a comment`);
      continue;
    }
    let raw = match?.[2] ?? '';
    while (raw.endsWith('\\') && !/^["']/.test(raw) && at + 1 < lines.length) raw = `${raw.slice(0, -1)}${lines[++at]}`;
    const quote = /^["']/.exec(raw)?.[0];
    // A quote that is not closed on its line goes on, as in a .env file with a certificate in it.
    if (quote !== undefined) {
      const start = at;
      while (!isClosed(raw, quote) && at + 1 < lines.length) raw += `\n${lines[++at]}`;
      if (!isClosed(raw, quote)) {
        mistakes.push(`${file} line ${start + 1}: ${name} has a quote that is not closed`);
        continue;
      }
    }
    variables.set(name, { value: unquoted(raw, quote), origin, ...(quote === "'" ? { literal: true as const } : {}) });
  }
  if (mistakes.length > 0) throw new MigrateError(mistakes);
  return variables;
}

/** The variables of a unit file: its `EnvironmentFile`s, and `Environment` over them. */
function fromUnit(text: string, file: string, { readFile, missing }: EnvTextSurroundings): Map<string, Variable> {
  const { environment, files } = unitLines(text);
  const result = new Map<string, Variable>();
  for (const { path, line, required } of files) {
    const content = readFile?.(path);
    if (content !== undefined) for (const [name, variable] of parseEnvText(content, path)) result.set(name, variable);
    else if (required) {
      missing?.(
        `${file} line ${line}, EnvironmentFile ${path}`,
        'which variables are in it is not known: it is not here; give it too, by --env',
      );
    }
  }
  for (const { name, value, line } of environment) result.set(name, variableOfUnit(value, `${file} line ${line}`));
  return result;
}

/** Systemd replaces no variables in `Environment`, but specifiers; what looks like a reference is of a template that was not filled in. */
function variableOfUnit(value: string, origin: string): Variable {
  const specifier = /%[A-Za-z]/.exec(value.replaceAll('%%', ''))?.[0];
  if (specifier !== undefined) return { source: `the specifier ${specifier} of systemd`, origin };
  return { value: value.replaceAll('%%', '%'), origin };
}

/** Reads `NAME=value` texts without any unquoting. A name alone is a variable of the shell and is passed over. */
export function fromEntries(entries: readonly string[], origin: string): Map<string, Variable> {
  const pairs = entries.flatMap((entry): [string, Variable][] => {
    const equals = entry.indexOf('=');
    return equals < 1 ? [] : [[entry.slice(0, equals), { value: entry.slice(equals + 1), origin }]];
  });
  return new Map(pairs);
}

function isClosed(raw: string, quote: string): boolean {
  return quote === '"' ? /^"(?:[^"\\]|\\.)*"\s*(?:#.*)?$/s.test(raw) : /^'[^']*'\s*(?:#.*)?$/s.test(raw);
}

function unquoted(raw: string, quote: string | undefined): string {
  if (quote === undefined) return raw.replace(/\s+#.*$/, '').trim();
  const inner = raw.slice(1, raw.lastIndexOf(quote));
  if (quote === "'") return inner;
  return inner.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}
