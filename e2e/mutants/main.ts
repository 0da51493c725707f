/**
 * Seeds one fault after the other into copies of the checkout and runs the tests that must catch it:
 *
 *   node e2e/mutants/main.ts [--only TEXT] [--jobs N] [--limit SECONDS]
 *
 * `--only` takes the faults whose group, file or description has the text. Ends with `80 of 80 caught`; or names the faults that
 * survived, and exits with 1. Tests that fail without a fault prove nothing: then it exits with 2.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePrograms } from '../machine/packages.ts';
import type { Fault } from './fault.ts';
import { GROUPS } from './groups.ts';
import { runTests } from './run-tests.ts';
import { createScratch, type Scratch } from './scratch.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, jobs: { type: 'string' }, limit: { type: 'string' } },
});
const only = values.only ?? '';
const jobs = Number(values.jobs ?? 1);
const limitMs = Number(values.limit ?? 180) * 1000;
const say = (line: string) => process.stdout.write(`${line}\n`);

const chosen = GROUPS.flatMap(({ name, faults }) => faults.map((fault) => ({ name, fault }))).filter(
  ({ name, fault }) => `${name} ${fault.file} ${fault.what}`.includes(only),
);

/** Works on the list with as many copies as there are jobs. */
async function withScratches<T>(
  items: readonly T[],
  work: (scratch: Scratch, item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const one = async (): Promise<void> => {
    using scratch = createScratch(join(import.meta.dirname, '../..'));
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(scratch, item);
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, one));
}

await ensurePrograms(['redis-server', 'openssl']);
const broken: string[] = [];
await withScratches([...new Set(chosen.flatMap(({ fault }) => fault.tests))], async ({ root }, test) => {
  const { outcome, first } = await runTests(root, [test], limitMs);
  if (outcome !== 'passed') broken.push(`${test} ${outcome} without a fault${first === undefined ? '' : `: ${first}`}`);
});
for (const line of broken) say(line);
if (broken.length > 0) process.exit(2);

const survivors: Fault[] = [];
await withScratches(chosen, async (scratch, { name, fault }) => {
  const mend = scratch.seed(fault);
  try {
    const { outcome, first } = await runTests(scratch.root, fault.tests, limitMs);
    if (outcome === 'passed') survivors.push(fault);
    const how = outcome === 'failed' ? (first ?? 'the file does not run') : outcome;
    say(
      `${outcome === 'passed' ? 'SURVIVED' : 'caught  '} ${name}: ${fault.what}${outcome === 'passed' ? '' : ` (${how})`}`,
    );
  } finally {
    mend();
  }
});
for (const { file, what } of survivors) say(`survived: ${file}: ${what}`);
say(`${chosen.length - survivors.length} of ${chosen.length} caught`);
process.exitCode = survivors.length === 0 ? 0 : 1;
