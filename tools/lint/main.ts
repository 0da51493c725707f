import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contractProblems } from './contract/check.ts';
import { errorPageProblems } from './errors/check.ts';
import { type Debts, importProblems } from './imports/check.ts';
import { isTest } from './imports/house.ts';
import { readWorkspaces } from './imports/workspaces.ts';
import { linkProblems } from './links/check.ts';
import { readFiles } from './source/files.ts';
import { type Counts, countsOf, grownPhrases, hitsIn, wordProblems } from './words/check.ts';
import { isWatched, WORD_FILES } from './words/pages.ts';
import { PHRASES } from './words/phrases.ts';

/**
 * `node tools/lint/main.ts`: the rules of the house that formatters and compilers do not know. Prints what breaks one, a line each, and
 * exits with 1. As many imports as `debts.json` has for a rule are let through; with `--strict`, or without the file, none are.
 * `--known-words` writes the list of known phrases again, where none of them has become more frequent.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: { strict: { type: 'boolean', default: false }, 'known-words': { type: 'boolean', default: false } },
});
const debtsFile = join(root, 'tools/lint/debts.json');
const knownFile = join(root, 'tools/lint/words/known.json');
const read = (file: string) => readFileSync(file, 'utf8');

const files = readFiles(root, WORD_FILES);
const hits = hitsIn(
  files.filter(({ path }) => isWatched(path)),
  PHRASES,
);
const known: Counts = existsSync(knownFile) ? JSON.parse(read(knownFile)) : {};

report(values['known-words'] ? renewKnownWords() : problems());

function problems(): string[] {
  const sources = files.filter(({ path }) => path.endsWith('.ts'));
  // The changelog tells of what is gone, too.
  const pages = files.filter(({ path }) => path.endsWith('.md') && path !== 'CHANGELOG.md');
  const debts: Debts = values.strict || !existsSync(debtsFile) ? {} : JSON.parse(read(debtsFile));
  return [
    ...importProblems(sources, readWorkspaces(root), debts),
    ...contractProblems(
      read(join(root, 'relay/docs/contract.md')),
      // The check's own files write references in order to read them.
      [...sources, ...pages].filter(({ path }) => !path.startsWith('tools/lint/contract/')),
    ),
    ...errorPageProblems(
      { path: 'docs/errors.md', text: read(join(root, 'docs/errors.md')) },
      sources.filter(({ path }) => !isTest(path)),
    ),
    ...linkProblems(pages, (path) => existsSync(join(root, path))),
    ...wordProblems(hits, known),
  ];
}

/** A file that moved takes its phrases along; what is new stays a problem. */
function renewKnownWords(): string[] {
  const found = countsOf(hits);
  const grown = existsSync(knownFile) ? grownPhrases(found, known) : [];
  if (grown.length > 0) return [...wordProblems(hits, known), `more frequent than before: ${grown.join(', ')}`];
  writeFileSync(knownFile, `${JSON.stringify(found, undefined, 2)}\n`);
  return [];
}

function report(lines: readonly string[]): void {
  for (const line of lines) console.error(line);
  if (lines.length === 0) return;
  console.error(`${lines.length} problems`);
  process.exitCode = 1;
}
