/** What a unit file of systemd says about the variables of its service. */
export interface UnitVariables {
  readonly environment: readonly { readonly name: string; readonly value: string; readonly line: number }[];
  /** Files with variables; one with a `-` before it may be missing. */
  readonly files: readonly { readonly path: string; readonly required: boolean; readonly line: number }[];
}

const WORD = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:[^\s"'\\]|\\.)(?:[^\s\\]|\\.)*)/gs;

/** True for the text of a unit file, which has a section `[Service]`. */
export function isUnit(text: string): boolean {
  return /^\s*\[Service\]\s*$/m.test(text);
}

/** Reads `Environment=` and `EnvironmentFile=` of a unit file; an empty assignment takes back those before it. Specifiers stay. */
export function unitLines(text: string): UnitVariables {
  const environment: { name: string; value: string; line: number }[] = [];
  const files: { path: string; required: boolean; line: number }[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = at + 1;
    let content = lines[at] ?? '';
    if (/^\s*[#;]/.test(content)) continue;
    while (content.endsWith('\\') && at + 1 < lines.length) content = `${content.slice(0, -1)} ${lines[++at]}`;
    const [, key, value = ''] = /^\s*(Environment|EnvironmentFile)\s*=\s*(.*)$/s.exec(content) ?? [];
    if (key === 'EnvironmentFile') {
      if (value.trim() === '') files.length = 0;
      else files.push({ path: value.trim().replace(/^-/, ''), required: !value.trim().startsWith('-'), line });
    } else if (key === 'Environment') {
      if (value.trim() === '') environment.length = 0;
      for (const word of wordsOf(value)) {
        const equals = word.indexOf('=');
        if (equals > 0) environment.push({ name: word.slice(0, equals), value: word.slice(equals + 1), line });
      }
    }
  }
  return { environment, files };
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(WORD)].map(([, double, single, bare]) =>
    (double ?? single ?? bare ?? '').replace(/\\(.)/gs, '$1'),
  );
}
