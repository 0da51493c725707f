import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Debts, importProblems } from './imports/check.ts';
import { readWorkspaces } from './imports/workspaces.ts';
import { readFiles } from './source/files.ts';

/**
 * `node tools/lint/main.ts`: the rules of the house that formatters and compilers do not know. Prints what breaks one, a line each, and
 * exits with 1. As many imports as `debts.json` has for a rule are let through; with `--strict`, or without the file, none are.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { strict: { type: 'boolean', default: false } } });
const debtsFile = join(root, 'tools/lint/debts.json');
const debts: Debts = values.strict || !existsSync(debtsFile) ? {} : JSON.parse(readFileSync(debtsFile, 'utf8'));

const problems = importProblems(readFiles(root, ['.ts']), readWorkspaces(root), debts);
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems`);
  process.exitCode = 1;
}
