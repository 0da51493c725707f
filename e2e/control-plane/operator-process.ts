import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../machine/paths.ts';
import { lastLines, run } from '../machine/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { leaseNamespace } from './access.ts';
import { freePorts } from './free-port.ts';
import { parseMetrics, type Series } from './metrics-text.ts';

/** An operator as it is shipped, in a process of its own. */
export interface OperatorProcess {
  readonly pid: number;
  /** Its metrics now. */
  metrics(): Promise<Series[]>;
  /** Everything that it logged so far. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it; undefined while it runs. */
  ended(): number | NodeJS.Signals | undefined;
  /** Resolves when it has ended, rejects after `timeoutMs`. */
  waitForEnd(timeoutMs: number): Promise<number | NodeJS.Signals>;
  /** SIGTERM, and SIGKILL when that has not ended it after 20 s. */
  stop(): Promise<void>;
}

/** How an operator is started. */
export interface OperatorOptions {
  /** Names its log and its part of the Lease. */
  readonly name: string;
  /** Where its log goes. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** Of Node, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
}

const STOP_GRACE_MS = 20_000;
/** What the chart sets with its default memory limit. */
const NODE_OPTIONS = '--max-old-space-size=288';

/** Node's arguments in the image, from its ENTRYPOINT. */
function imageNodeArgs(): string[] {
  const dockerfile = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8');
  const [entrypoint] =
    dockerfile
      .split('FROM runtime AS operator')
      .at(-1)
      ?.match(/(?<=^ENTRYPOINT ).*$/m) ?? [];
  if (entrypoint === undefined) throw new Error('the Dockerfile has no ENTRYPOINT of the operator');
  return (JSON.parse(entrypoint) as string[]).slice(1, -1);
}

/** Bundles the operator as its image has it. */
export async function buildOperator(): Promise<void> {
  await run(process.execPath, ['build.ts'], { cwd: join(repositoryRoot, 'operator'), timeoutMs: 120_000 });
}

/** Starts the bundle; returns when its metrics answer, which is before its caches are filled. */
export async function startOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const [metricsPort = 0, probePort = 0] = await freePorts(2);
  const file = join(options.folder, `${options.name}.log`);
  const log = openSync(file, 'a');
  const main = join(repositoryRoot, 'operator', 'dist', 'main.js');
  const child = spawn(process.execPath, [...imageNodeArgs(), ...(options.nodeArgs ?? []), main], {
    cwd: options.folder,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      NODE_OPTIONS,
      KUBECONFIG: options.kubeconfig,
      POD_NAME: options.name,
      POD_NAMESPACE: leaseNamespace,
      METRICS_PORT: String(metricsPort),
      PROBE_PORT: String(probePort),
      // kwok's pods have addresses at which nobody answers.
      ASK_PODS_PERIOD_SECONDS: '0',
    },
  });
  closeSync(log);
  await once(child, 'spawn');
  const ended = () => child.exitCode ?? child.signalCode ?? undefined;
  const waitForEnd = (timeoutMs: number) => waitFor(`end of ${options.name}`, ended, { timeoutMs, intervalMs: 50 });
  const operator: OperatorProcess = {
    pid: child.pid!,
    async metrics() {
      const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { signal: AbortSignal.timeout(10_000) });
      return parseMetrics(await answer.text());
    },
    log: () => readFileSync(file, 'utf8'),
    signal: (name) => void child.kill(name),
    ended,
    waitForEnd,
    async stop() {
      if (ended() !== undefined) return;
      child.kill('SIGTERM');
      await waitForEnd(STOP_GRACE_MS).catch(async () => {
        child.kill('SIGKILL');
        await waitForEnd(5_000);
      });
    },
  };
  try {
    await waitFor(
      `metrics of ${options.name}`,
      async () => {
        if (ended() !== undefined) throw new Error(`it has ended: ${lastLines(operator.log(), 5)}`);
        return (await operator.metrics()).length > 0 || undefined;
      },
      { timeoutMs: 30_000, intervalMs: 50 },
    );
  } catch (error) {
    await operator.stop();
    throw error;
  }
  return operator;
}
