/** One `key = value` line of an INI file. */
export interface IniEntry {
  /** As written; names are compared without regard to case. */
  readonly section: string;
  /** `name` of `[Environment "name"]`, case kept; empty without one. */
  readonly subsection: string;
  readonly key: string;
  /** Undefined for a bare key, which is a switch that is on. */
  readonly value: string | undefined;
  /** 1-based. */
  readonly line: number;
}

/** A line that cannot be read. */
export interface IniMistake {
  readonly line: number;
  readonly message: string;
}

/** What an INI file says, mistakes included, so that all can be told at once. */
export interface IniFile {
  readonly entries: readonly IniEntry[];
  /** Each section that was opened, also an empty one. */
  readonly sections: readonly { readonly section: string; readonly subsection: string; readonly line: number }[];
  readonly mistakes: readonly IniMistake[];
}

const HEADER = /^\[\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]\s*(?:[#;].*)?$/;
const KEY = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:(=)\s*(.*))?$/s;

/**
 * Reads the dialect of INI that ld-relay's files are written in (contract 4.1): `#` and `;` start a comment outside of
 * quotes, a value or a part of it may be quoted with `\"`, `\\`, `\n`, `\t` escapes, a backslash at the end of a line
 * continues it, a key without `=` is a switch that is on.
 */
export function parseIni(text: string): IniFile {
  const entries: IniEntry[] = [];
  const sections: { section: string; subsection: string; line: number }[] = [];
  const mistakes: IniMistake[] = [];
  let current: { section: string; subsection: string } | undefined;
  for (const { text: content, line } of logicalLines(text)) {
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    if (content.startsWith('[')) {
      const header = HEADER.exec(content);
      if (header) {
        current = { section: header[1] ?? '', subsection: (header[2] ?? '').replace(/\\(.)/g, '$1') };
        sections.push({ ...current, line });
      } else {
        mistakes.push({ line, message: 'not a section header; it must look like [Main] or [Environment "name"]' });
      }
      continue;
    }
    const key = KEY.exec(content.startsWith('"') ? '' : stripBareComment(content));
    if (!key) {
      mistakes.push({ line, message: 'neither a [Section], nor "key = value", nor a comment' });
    } else if (!current) {
      mistakes.push({ line, message: `${key[1]} stands before the first [Section]` });
    } else {
      const value = key[2] === undefined ? undefined : unquote(key[3] ?? '');
      if (value === null)
        mistakes.push({ line, message: `${key[1]}: a quoted value has no closing quote or a bad escape` });
      else entries.push({ ...current, key: key[1] ?? '', value, line });
    }
  }
  return { entries, sections, mistakes };
}

function logicalLines(text: string): { text: string; line: number }[] {
  const result: { text: string; line: number }[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = open ?? { text: '', line: index + 1 };
    const continues = /(?:^|[^\\])(?:\\\\)*\\$/.test(raw);
    line.text += continues ? raw.slice(0, -1) : raw;
    if (continues) {
      open = line;
    } else {
      result.push({ ...line, text: line.text.trim() });
      open = undefined;
    }
  }
  if (open) result.push({ ...open, text: open.text.trim() });
  return result;
}

/** A bare key may be followed by a comment; one with a value is left to {@link unquote}. */
function stripBareComment(content: string): string {
  return content.includes('=') ? content : content.replace(/\s*[#;].*$/, '');
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['n', '\n'],
  ['t', '\t'],
]);

/** The value without quotes, escapes and trailing comment; null when a quote has no end or an escape is unknown. */
function unquote(raw: string): string | null {
  let value = '';
  let quoted = false;
  /** Length up to the last character that trailing space must not take away. */
  let kept = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const char = raw[at] ?? '';
    if (char === '"') {
      quoted = !quoted;
      kept = value.length;
    } else if (char === '\\') {
      at += 1;
      const escaped = ESCAPES.get(raw[at] ?? '');
      if (escaped === undefined) return null;
      value += escaped;
      kept = value.length;
    } else if (!quoted && (char === '#' || char === ';')) {
      break;
    } else {
      value += char;
      if (quoted || !/\s/.test(char)) kept = value.length;
    }
  }
  return quoted ? null : value.slice(0, kept);
}
