import type { ScaledPhase } from '@flagrelay/relay/bench/report/scaled';
import type { AuditedWrite } from '../scenarios/support/audit.ts';
import type { Phase } from './phase.ts';

/** One line for each phase, in Markdown. */
export function phaseTable(phases: readonly Phase[], relayProxies: number): string {
  const rows = phases.map(({ name, seconds, usage, cpu, requests, writes }) => {
    const others = [...cpu].filter(([program]) => program !== 'operator' && program !== 'simulator');
    return [
      name,
      seconds.toFixed(1),
      (cpu.get('operator') ?? 0).toFixed(1),
      others.reduce((sum, [, used]) => sum + used, 0).toFixed(1),
      (cpu.get('simulator') ?? 0).toFixed(1),
      `${mib(usage.rssBytes)} / ${mib(usage.peakRssBytes)}`,
      ((requests.get('GET') ?? 0) / relayProxies).toFixed(2),
      (writes.length / relayProxies).toFixed(2),
    ];
  });
  return markdown(
    [
      'phase',
      'seconds',
      'CPU s, operator',
      'CPU s, control plane and kwok',
      'CPU s, simulated relays',
      'RSS / peak, MiB',
      'reads per RelayProxy',
      'writes per RelayProxy',
    ],
    rows,
  );
}

/** A phase as it is kept for the measurements of the project. */
export function scaledPhase({ name, seconds, usage, cpu, requests, writes }: Phase): ScaledPhase {
  const tenths = (value: number) => Math.round(value * 10) / 10;
  const operator = cpu.get('operator') ?? 0;
  return {
    name,
    seconds: tenths(seconds),
    operatorCpuSeconds: tenths(operator),
    otherCpuSeconds: tenths([...cpu.values()].reduce((sum, used) => sum + used, 0) - operator),
    rssBytes: usage.rssBytes,
    peakRssBytes: usage.peakRssBytes,
    reads: requests.get('GET') ?? 0,
    writes: writes.length,
  };
}

/** Writes by verb and resource, per RelayProxy. */
export function writeTable(writes: readonly AuditedWrite[], relayProxies: number): string {
  const counts = new Map<string, number>();
  for (const { verb, resource, subresource } of writes) {
    const what = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const rows = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, count]) => [what, String(count), (count / relayProxies).toFixed(2)]);
  return markdown(['write', 'in all', 'per RelayProxy'], rows);
}

/** CPU seconds by program. */
export function cpuTable(phase: Phase): string {
  const rows = [...phase.cpu].sort(([, a], [, b]) => b - a).map(([program, used]) => [program, used.toFixed(1)]);
  return markdown(['program', `CPU s, ${phase.name}`], rows);
}

/** A table in Markdown. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
