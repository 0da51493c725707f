import type { SourceFile } from '../source/files.ts';
import { proseOf } from '../source/prose.ts';
import { linesOf } from '../source/tokens.ts';
import type { Phrase } from './phrases.ts';

/** How often each phrase is in each file: name of the phrase, path, count. */
export type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** One place where a phrase is. */
export interface Hit {
  readonly phrase: Phrase;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** All places where the phrases are. */
export function hitsIn(files: readonly SourceFile[], phrases: readonly Phrase[]): Hit[] {
  return files.flatMap((file) => {
    const prose = proseOf(file);
    const lineOf = linesOf(file.text);
    return phrases.flatMap((phrase) =>
      [...prose.matchAll(phrase.pattern)].map((match) => {
        const [whole] = match;
        const start = match.index + (whole.length - whole.trimStart().length);
        return { phrase, path: file.path, line: lineOf(start), text: whole.replace(/^[ /*]+|[ /*]+$/g, '') };
      }),
    );
  });
}

/** Counts of hits, in order of names and paths. */
export function countsOf(hits: readonly Hit[]): Counts {
  const counts: Record<string, Record<string, number>> = {};
  const ordered = hits.toSorted((a, b) => compare(a.phrase.name, b.phrase.name) || compare(a.path, b.path));
  for (const { phrase, path } of ordered) {
    counts[phrase.name] ??= {};
    const files = counts[phrase.name] as Record<string, number>;
    files[path] = (files[path] ?? 0) + 1;
  }
  return counts;
}

/**
 * What is new, a line each, and what is known although it is gone: the list of known ones only shrinks. Where a file has more than is known,
 * all its places are told.
 */
export function wordProblems(hits: readonly Hit[], known: Counts): string[] {
  const found = countsOf(hits);
  const count = (counts: Counts, name: string, path: string) => counts[name]?.[path] ?? 0;
  const grown = hits
    .filter(({ phrase: { name }, path }) => count(found, name, path) > count(known, name, path))
    .map(({ phrase, path, line, text }) => `${path}:${line}: "${text}": write ${phrase.instead}`);
  const gone = Object.entries(known).flatMap(([name, files]) =>
    Object.keys(files)
      .filter((path) => count(found, name, path) < count(known, name, path))
      .map(
        (path) =>
          `${path}: "${name}" is there less often than tools/lint/words/known.json says; run: node tools/lint/main.ts --known-words`,
      ),
  );
  return [...grown, ...gone];
}

/** Phrases that are more frequent than the list of known ones says, over all files: moving a file is fine, adding to a phrase is not. */
export function grownPhrases(found: Counts, known: Counts): string[] {
  const total = (counts: Counts, name: string) => Object.values(counts[name] ?? {}).reduce((sum, one) => sum + one, 0);
  return Object.keys(found).filter((name) => total(found, name) > total(known, name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
