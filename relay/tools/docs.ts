import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { migratingPage } from '@flagrelay/migrate/page';
import { configurationPage } from './configuration-page.ts';
import { metricsPage } from './metrics-page.ts';

/**
 * Writes the pages that are made from tables in the code; with `--check` only compares and exits with 1 if one is
 * not up to date.
 */
const pages = {
  'relay/docs/configuration.md': configurationPage,
  'relay/docs/metrics.md': metricsPage,
  'charts/flagrelay/MIGRATING.md': migratingPage,
};
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

for (const [name, make] of Object.entries(pages)) {
  const page = new URL(`../../${name}`, import.meta.url);
  const wanted = make();
  if (!values.check) {
    writeFileSync(page, wanted);
  } else if (readOrEmpty(page) !== wanted) {
    console.error(`${name} is not up to date; run: node relay/tools/docs.ts`);
    process.exitCode = 1;
  }
}

function readOrEmpty(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
