import type { SourceFile } from '../source/files.ts';
import { type Reference, referencesIn } from './references.ts';

/** Number of a section to its text, that of its subsections included. */
type Sections = ReadonlyMap<string, string>;

/**
 * References to sections, rows and names that the contract does not have, a line each.
 * @param contract the page, as Markdown: sections are headings that begin with their number
 */
export function contractProblems(contract: string, files: readonly SourceFile[]): string[] {
  const sections = sectionsOf(contract);
  return files.flatMap((file) =>
    referencesIn(file).flatMap((reference) => {
      const problem = problemOf(reference, sections);
      return problem === undefined ? [] : [`${reference.path}:${reference.line}: ${problem}`];
    }),
  );
}

function problemOf({ section, row, name }: Reference, sections: Sections): string | undefined {
  const text = sections.get(section);
  if (text === undefined) return `the contract has no section ${section}`;
  if (row !== undefined && !new RegExp(`^\\| ${row} *\\|`, 'm').test(text)) {
    return `section ${section} of the contract has no row ${row}`;
  }
  if (name !== undefined && !text.toLowerCase().includes(name.toLowerCase())) {
    return `section ${section} of the contract does not speak of "${name}"`;
  }
  return undefined;
}

function sectionsOf(contract: string): Sections {
  const sections = new Map<string, string>();
  const headings = [...contract.matchAll(/^##+ (\d+(?:\.\d+)?) /gm)];
  headings.forEach((heading, index) => {
    const number = heading[1] as string;
    const text = contract.slice(heading.index, headings[index + 1]?.index);
    for (const one of new Set([number, number.split('.', 1)[0] as string])) {
      sections.set(one, `${sections.get(one) ?? ''}${text}`);
    }
  });
  return sections;
}
