import { ensurePrograms } from '../machine/packages.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { prepareCluster } from './cluster-step.ts';
import { execute } from './execute.ts';
import { suites } from './suites.ts';
import type { SuiteResult } from './summary.ts';
import { summarise } from './summary.ts';

/**
 * `node e2e/run/main.ts [suite …]`: runs all suites but those that take long, or the named ones, and ends with one line `N passed, N failed` over all of them.
 * Exit code 1 when anything failed.
 */
const wanted = process.argv.slice(2);
const plan = suites(repositoryRoot, process.env).filter((suite) =>
  wanted.length === 0 ? suite.onRequest !== true : wanted.includes(suite.name),
);
if (plan.length === 0) {
  console.error(`no such suite: ${wanted.join(', ')}`);
  process.exit(2);
}

const results: SuiteResult[] = [];
for (const suite of plan) {
  console.log(`\n=== ${suite.name}`);
  try {
    await ensurePrograms(suite.programs ?? []);
    const clusterEnv = suite.cluster === undefined ? {} : await prepareCluster(suite.cluster);
    results.push(await execute(suite, repositoryRoot, { ...process.env, ...clusterEnv }));
  } catch (error) {
    console.error(error);
    results.push({ name: suite.name, counts: { passed: 0, failed: 1, skipped: 0 }, ms: 0 });
  }
}
const { text, failed } = summarise(results);
console.log(text);
process.exitCode = failed > 0 ? 1 : 0;
