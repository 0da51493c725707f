import { existsSync, readFileSync } from 'node:fs';
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

/**
 * `node tools/lint/main.ts`: the rules of the house that formatters and compilers do not know. Prints what breaks one, a line each, and
 * exits with 1. As many imports as `debts.json` has for a rule are let through; with `--strict`, or without the file, none are.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { strict: { type: 'boolean', default: false } } });
const debtsFile = join(root, 'tools/lint/debts.json');
const debts: Debts = values.strict || !existsSync(debtsFile) ? {} : JSON.parse(readFileSync(debtsFile, 'utf8'));

const files = readFiles(root, ['.ts', '.md']);
const sources = files.filter(({ path }) => path.endsWith('.ts'));
// The changelog tells of what is gone, too.
const pages = files.filter(({ path }) => path.endsWith('.md') && path !== 'CHANGELOG.md');
const contract = readFileSync(join(root, 'relay/docs/contract.md'), 'utf8');

const problems = [
  ...importProblems(sources, readWorkspaces(root), debts),
  // These write references in order to read them.
  ...contractProblems(
    contract,
    files.filter(({ path }) => !path.startsWith('tools/lint/contract/')),
  ),
  ...errorPageProblems(
    pages.find(({ path }) => path === 'docs/errors.md') ?? { path: 'docs/errors.md', text: '' },
    sources.filter(({ path }) => !isTest(path)),
  ),
  ...linkProblems(pages, (path) => existsSync(join(root, path))),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems`);
  process.exitCode = 1;
}
