import type { SourceFile } from '../source/files.ts';
import { proseOf } from '../source/prose.ts';
import { linesOf } from '../source/tokens.ts';

/** One mention of a place in the contract. */
export interface Reference {
  readonly path: string;
  readonly line: number;
  /** `3` or `12.5`. */
  readonly section: string;
  /** Of the table in the section. */
  readonly row?: string;
  /** Of an option or a row, that the section must speak of. */
  readonly name?: string;
}

const SECTION = String.raw`\d{1,2}(?:\.\d{1,2})?`;
// "12.5", "6.1–6.3", "14, row 3", "14 row 3", "row 3 of section 14", '5.3, "Retry"', "4.2 tlsCert".
const ITEM = String.raw`(?:row\s+\d+\s+of\s+section\s+\d+|${SECTION}(?:–${SECTION})?(?:,?\s+row\s+\d+\b(?!\s+of\b))?(?:,?\s+"[^"]+"|\s+(?:[A-Z][a-zA-Z]+|[a-z]+[A-Z]\w*))?)`;
const LIST = String.raw`${ITEM}(?:\s*[,;]\s*${ITEM}|\s+and\s+${ITEM})*`;
const NAMED = new RegExp(String.raw`\b[Cc]ontract\s{1,40}(?:sections?\s+)?(${LIST})`, 'g');
const ROW = /\b(row\s+\d+\s+of\s+section\s+\d+)/g;
const DOTTED = new RegExp(String.raw`\((?=\d{1,2}\.\d)(${LIST})(?:; ld-relay \d+)?\)`, 'g');
const BARE = new RegExp(String.raw`\((${LIST})(?:; ld-relay \d+)?\)`, 'g');

/**
 * All mentions in a file. Lists in brackets without the word "contract" are such in the relay's files (`(2.3, 6.5)`), and in the pages about
 * the contract also without a dot (`(4)`).
 */
export function referencesIn(file: SourceFile): Reference[] {
  const prose = proseOf(file);
  const lineOf = linesOf(file.text);
  const forms = [NAMED, ROW];
  if (/^relay\/docs\/(?:contract|differences)\.md$/.test(file.path)) forms.push(BARE);
  else if (/^relay\/(?:src|test)\//.test(file.path)) forms.push(DOTTED);
  const found = new Map<string, Reference>();
  for (const match of forms.flatMap((form) => [...prose.matchAll(form)])) {
    const line = lineOf(match.index);
    for (const item of itemsOf(match[1] as string))
      found.set(JSON.stringify([line, item]), { path: file.path, line, ...item });
  }
  return [...found.values()];
}

type Item = Pick<Reference, 'section' | 'row' | 'name'>;

function itemsOf(list: string): Item[] {
  return [...list.matchAll(new RegExp(ITEM, 'g'))].flatMap(([text]): Item[] => {
    const reversed = /^row\s+(\d+)\s+of\s+section\s+(\d+)$/.exec(text);
    if (reversed !== null) return [{ section: reversed[2] as string, row: reversed[1] as string }];
    const [, from = '', to, row, quoted, word] =
      new RegExp(String.raw`^(${SECTION})(?:–(${SECTION}))?(?:,?\s+row\s+(\d+))?(?:,?\s+"([^"]+)"|\s+(\w+))?$`).exec(
        text,
      ) ?? [];
    const name = quoted ?? word;
    const first = { section: from, ...(row === undefined ? {} : { row }), ...(name === undefined ? {} : { name }) };
    return to === undefined ? [first] : [first, { section: to }];
  });
}
