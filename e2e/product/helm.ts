import { join } from 'node:path';
import { ensureBinaries } from '../cluster/binaries.ts';
import { repositoryRoot } from '../machine/paths.ts';
import { run } from '../machine/run.ts';

/** Path of the chart in the checkout. */
export const chartFolder = join(repositoryRoot, 'charts/flagrelay');

/** Runs Helm against a cluster (found or built); returns its standard output. Throws a CommandError when it fails. */
export async function helm(kubeconfig: string, args: readonly string[], timeoutMs = 300_000): Promise<string> {
  const { stdout } = await run(await helmProgram(), args, { timeoutMs, env: { KUBECONFIG: kubeconfig } });
  return stdout;
}

/** Path of a Helm program of the pinned version. */
export async function helmProgram(): Promise<string> {
  const program = (await ensureBinaries(['helm'])).get('helm');
  if (program === undefined) throw new Error('helm is neither found nor built');
  return program;
}
