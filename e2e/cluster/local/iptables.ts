import { CommandError, run } from '../../machine/run.ts';

const ours = /^(KUBE|CNI)-/;

/**
 * The input for `iptables-restore --noflush` that removes every chain of kube-proxy, kubelet and CNI from one table,
 * and each rule that leads there; `undefined` when there is none.
 *
 * @param saved output of `iptables-save -t TABLE`
 */
export function removalOf(table: string, saved: string): string | undefined {
  const lines = saved.split('\n');
  const chains = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []).filter((chain) => ours.test(chain));
  if (chains.length === 0) return undefined;
  const jumps = lines.filter((line) => {
    const [, chain = '', target = ''] = /^-A (\S+) .*-[jg] (\S+)/.exec(line) ?? [];
    return ours.test(target) && !ours.test(chain);
  });
  return [
    `*${table}`,
    ...jumps.map((rule) => rule.replace(/^-A/, '-D')),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n');
}

/** Removes what {@link removalOf} names from all tables, of IPv4 and IPv6. */
export async function removeKubernetesRules(): Promise<void> {
  for (const family of ['iptables', 'ip6tables']) {
    for (const table of ['filter', 'nat', 'mangle', 'raw']) {
      const saved = await savedTable(family, table);
      const removal = removalOf(table, saved);
      if (removal === undefined) continue;
      await run(`${family}-restore`, ['--noflush', '--wait=10'], { input: removal, timeoutMs: 20_000 });
    }
  }
}

/** Whether a kube-proxy works on this machine, or left its rules. */
export async function kubernetesRulesExist(): Promise<boolean> {
  return removalOf('nat', await savedTable('iptables', 'nat')) !== undefined;
}

/** A table as `iptables-save` prints it; empty where the kernel does not have that table or family. */
async function savedTable(family: string, table: string): Promise<string> {
  try {
    return (await run(`${family}-save`, ['-t', table], { timeoutMs: 20_000 })).stdout;
  } catch (error) {
    if (error instanceof CommandError && error.exitCode !== undefined) return '';
    throw error;
  }
}
