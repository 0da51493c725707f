import { COMPARED_METRICS, type Comparison, keyOf } from './compared.ts';
import { type Goal, judge } from './goal.ts';
import { spreadText, table } from './markdown.ts';

/** The section of measurements side by side with ld-relay. */
export function comparedSection(all: readonly Comparison[], goals: readonly Goal[]): string {
  const goalOf = new Map(goals.map((goal) => [goal.of, goal]));
  const rows = all
    .filter(({ environments }) => environments === 1)
    .flatMap((one) =>
      Object.entries(COMPARED_METRICS).flatMap(([metric, { unit, better }]) => {
        const figures = one.metrics[metric];
        if (figures === undefined) return [];
        const goal = goalOf.get(`${keyOf(one)} ${metric}`);
        const measured = { value: figures.ours.median, ratio: figures.ratio.median };
        const verdict = goal === undefined ? { goal: '', reached: '' } : judge(goal, { unit, better }, measured);
        return [
          [
            `${one.scenario}${one.pinned ? '' : ', two cores'}`,
            metric,
            spreadText(figures.theirs),
            spreadText(figures.ours),
            `**${spreadText(figures.ratio)}**`,
            verdict.goal,
            verdict.reached,
            `${one.at.slice(0, 16)}Z, ${one.commit}, ${one.rounds} ${one.rounds === 1 ? 'round' : 'rounds'}`,
          ],
        ];
      }),
    );
  const theirs = [...new Set(all.map((one) => one.theirs))].join(', ');
  return `## Side by side with ld-relay

\`relaybench compare\` runs both relays in turns with the same load over the wire, the server on one core and the load on the other where nothing
else is said, and \`node relay/bench/main.ts --compare FILE\` takes its result over. Each cell: minimum / median / maximum of the rounds; ratio = relay / ld-relay.

${table(['scenario', 'metric', theirs, 'relay', 'ratio', 'goal', 'by the median', 'measured'], rows)}`;
}
