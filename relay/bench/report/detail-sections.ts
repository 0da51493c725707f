import type { Row } from '../table.ts';
import { environmentsRow, originText } from './bench-section.ts';
import type { Churned } from './churned.ts';
import type { Comparison } from './compared.ts';
import { cell, percent, short, spreadText, table } from './markdown.ts';
import type { ProfileSummary, Share } from './profile-summary.ts';
import type { Scaled } from './scaled.ts';

/** Environments that memory is measured with. */
export const ENVIRONMENTS = [1, 10, 100] as const;

/** Where the time of evalx goes. */
export function profileSection({ busyMs, inclusive, self }: ProfileSummary): string {
  const list = (head: string, shares: readonly Share[]) =>
    table(
      [head, 'share'],
      shares.map(([name, share]) => [name, percent(share)]),
    );
  return `## Where the time of evalx goes

\`node --cpu-prof\` under the load of evalx \`medium\`: shares of ${short(busyMs)} ms in which the relay was not idle. What holds nearly everything is left out.

${list('with what it calls', inclusive)}

${list('by itself', self)}`;
}

/** Memory by the number of environments, of ld-relay too where that was measured. */
export function environmentsSection(rows: readonly Row[], compared: readonly Comparison[]): string {
  const lines = ENVIRONMENTS.flatMap((environments) => {
    const row = rows.find(({ name }) => name === environmentsRow(environments));
    const theirs = compared.find((one) => one.scenario === 'startup/medium' && one.environments === environments);
    const pss = theirs?.metrics.idle_pss_mb;
    if (row === undefined && pss === undefined) return [];
    const side = pss === undefined ? ['not measured', ''] : [spreadText(pss.theirs), spreadText(pss.ours)];
    return [[String(environments), cell(row?.relay ?? []), ...side]];
  });
  return `## Memory by environments

PSS in MB of an idle relay, each environment with the flags of \`medium\` and a stream from upstream: minimum / median / maximum.

${table(['environments', 'relay, by the bench', 'ld-relay', 'relay, beside ld-relay'], lines)}`;
}

/** What an hour of changes leaves. */
export function churnSection({ origin, minutes, streams, environments, samples, growth, note }: Churned): string {
  const rows = samples.map((one) => [
    one.minute.toFixed(1),
    String(one.cycles),
    ...[one.rss, one.heap].map((bytes) => (bytes / 1e6).toFixed(1)),
    ...[one.fds, one.handles, one.streams, one.environments].map(String),
  ]);
  const head = ['minute', 'cycles', 'RSS MB', 'heap MB', 'fds', 'handles', 'streams', 'environments'];
  const grown = Object.entries(growth).map(([name, share]) => `${name} ${percent(share)}`);
  return `## Churn

\`make churn MINUTES=${minutes} RECORD=1\`: ${originText(origin)}
${environments.steady} environments of \`medium\` that stay and up to ${environments.changing} that come and go; in each cycle ${streams} streams (\`/all\` and \`/eval\` in turns) that get three patches and are
cut, and 50 evaluations. Samples are taken while no stream is open.${note === undefined ? '' : ` ${note}`}

${table(head, rows)}

Growth over the second half: ${grown.join(', ')}.`;
}

/** The operator with many RelayProxies. */
export function scaleSection({ origin, relayProxies, pods, phases }: Scaled): string {
  const each = (count: number) => (count / relayProxies).toFixed(2);
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const rows = phases.map((phase) => [
    phase.name,
    phase.seconds.toFixed(1),
    phase.operatorCpuSeconds.toFixed(1),
    phase.otherCpuSeconds.toFixed(1),
    `${mib(phase.rssBytes)} / ${mib(phase.peakRssBytes)}`,
    each(phase.reads),
    each(phase.writes),
  ]);
  const head = ['phase', 'seconds', 'CPU s, operator', 'CPU s, all else', 'RSS / peak, MiB', 'reads per RelayProxy'];
  return `## The operator

\`node e2e/scale/main.ts --count ${relayProxies}\`: ${originText(origin)}
A control plane of its own with ${pods} pods that kwok plays. Runs with 1,000 RelayProxies and more are in [operator/bench](../../operator/bench/RESULTS.md).

${table([...head, 'writes per RelayProxy'], rows)}`;
}
