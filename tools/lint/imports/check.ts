import type { SourceFile } from '../source/files.ts';
import { edgesOf, type Workspace } from './graph.ts';
import { ALLOWED_RINGS, DIALECTS, isTest, ROOTS, START_UP } from './house.ts';
import { type Breach, dialectBreaches, fileRings, folderRings, packageBreaches, unusedAllowances } from './rules.ts';

/** How many breaches of each rule are let through. */
export type Debts = Readonly<Partial<Record<Breach['rule'], number>>>;

/**
 * What is wrong with the imports of the repository's TypeScript files, a line each. Where there are more breaches of a rule than its
 * debt, all of them are printed: nobody can know which is the new one.
 */
export function importProblems(
  files: readonly SourceFile[],
  workspaces: readonly Workspace[],
  debts: Debts = {},
): string[] {
  const all = edgesOf(files, workspaces);
  const breaches = breachesOf(all, workspaces);
  const count = (rule: Breach['rule']) => breaches.filter((breach) => breach.rule === rule).length;
  return [
    ...breaches
      .filter(({ rule }) => count(rule) > (debts[rule] ?? 0))
      .map(({ edge, why }) => `${edge.from}:${edge.line} → ${edge.to}: ${why}`),
    ...(Object.entries(debts) as [Breach['rule'], number][])
      .filter(([rule, debt]) => count(rule) < debt)
      .map(
        ([rule, debt]) => `tools/lint/debts.json: "${rule}" is ${debt}, but there are only ${count(rule)}: lower it`,
      ),
    ...unusedAllowances(all, ALLOWED_RINGS).map(
      ({ files: [first] }) => `tools/lint/imports/house.ts: the allowed ring of ${first} is none any more: remove it`,
    ),
  ];
}

function breachesOf(all: ReturnType<typeof edgesOf>, workspaces: readonly Workspace[]): Breach[] {
  const product = all.filter(({ from, to }) => !isTest(from) && !isTest(to));
  const relay = product.filter(({ from }) => from.startsWith('relay/src/'));
  return [
    ...folderRings(product, ROOTS),
    ...fileRings(all, ALLOWED_RINGS),
    ...dialectBreaches(relay, DIALECTS, START_UP),
    ...packageBreaches(all, workspaces),
  ];
}
