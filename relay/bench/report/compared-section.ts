import { COMPARED_METRICS, type Comparison, keyOf } from './compared.ts';
import { type Goal, judge } from './goal.ts';
import { spreadText, table } from './markdown.ts';

/** Whether the relay had to evaluate each time. */
function answersOf({ scenario, answersKept }: Comparison): string {
  if (!scenario.startsWith('evalx')) return '';
  return answersKept ? ', answers kept' : ', each evaluated';
}

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
            `${one.scenario}${one.pinned ? '' : ', two cores'}${answersOf(one)}`,
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
The load asks for the same 1,000 contexts all the time: with *answers kept* (16 MiB of them, as by default) those of small and medium data are evaluated once or twice,
with *each evaluated* (\`EVALUATION_CACHE_SIZE=0B\`) every time, as ld-relay does.

${table(['scenario', 'metric', theirs, 'relay', 'ratio', 'goal', 'by the median', 'measured'], rows)}`;
}
