import { type Row, ratios, spread } from '../table.ts';
import { type Goal, judge } from './goal.ts';
import { cell, short, table } from './markdown.ts';
import type { Origin, Recorded } from './recorded.ts';

/** Name of the row of memory with so many environments. */
export function environmentsRow(environments: number): string {
  return `PSS, ${environments} x medium`;
}

/** Where and when, in one line. */
export function originText({ at, commit, node, machine, load }: Origin): string {
  return `${at.slice(0, 16)}Z, commit ${commit}, Node ${node}, ${machine}, load average ${short(load[0])} before and ${short(load[1])} after.`;
}

/** Each row next to its baseline, with its goal. */
export function rowsTable(rows: readonly Row[], goals: readonly Goal[]): string {
  const goalOf = new Map(goals.map((goal) => [goal.of, goal]));
  const lines = rows.map((row) => {
    const goal = goalOf.get(row.name);
    const compared = ratios(row);
    const measured = {
      value: spread(row.relay).median,
      ...(compared.length === 0 ? {} : { ratio: spread(compared).median }),
    };
    const verdict = goal === undefined ? { goal: '', reached: '' } : judge(goal, row, measured);
    return [
      row.name,
      `${row.unit}, ${row.better} is better`,
      `${cell(row.relay)}${named(row.subject)}`,
      `${cell(row.baseline)}${named(row.against)}`,
      compared.length === 0 ? '' : `**${cell(compared)}**`,
      verdict.goal,
      verdict.reached,
    ];
  });
  return table(['what', 'unit', 'relay', 'bare Node', 'ratio', 'goal', 'by the median'], lines);
}

/** The section of a full run. */
export function benchSection(run: Recorded, goals: readonly Goal[]): string {
  const rows = run.rows.filter(({ name }) => !/^PSS, \d+ x /.test(name));
  const total = Object.values(run.seconds).reduce((sum, one) => sum + one, 0);
  const parts = Object.entries(run.seconds).map(([name, seconds]) => `${name} ${seconds.toFixed(0)}`);
  return `## Next to a bare Node server

\`${run.command}\`: ${originText(run.origin)}
${run.pinned ? 'Servers on core 0, load on core 1, in turns' : 'Not held to cores'}; ${run.streams} streams of \`medium\`, 200 of \`large\`; each cell: minimum / median / maximum of ${run.rounds} rounds.
Rates of small answers are bounded by the load, so that their CPU says more. Memory of a stream is the difference between many and ten streams after 20 patches.

${rowsTable(rows, goals)}

Seconds by part: ${parts.join(', ')}; ${total.toFixed(0)} in all.`;
}

function named(who: string | undefined): string {
  return who === undefined ? '' : ` (${who})`;
}
