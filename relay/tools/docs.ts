import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { configurationPage } from './configuration-page.ts';

/**
 * Writes `docs/configuration.md` from the table of options; with `--check` only compares and exits with 1 if it is not
 * up to date.
 */
const page = new URL('../docs/configuration.md', import.meta.url);
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const wanted = configurationPage();

if (!values.check) {
  writeFileSync(page, wanted);
} else if (readOrEmpty(page) !== wanted) {
  console.error('relay/docs/configuration.md is not up to date; run: node relay/tools/docs.ts');
  process.exitCode = 1;
}

function readOrEmpty(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
