import { setTimeout as delay } from 'node:timers/promises';
import { openControlPlane } from '../control-plane/control-plane.ts';
import { createFleet, ENVIRONMENTS } from '../control-plane/fleet.ts';
import { openLabClient } from '../control-plane/lab-client.ts';
import { buildOperator, startOperator } from '../control-plane/operator-process.ts';
import { usageOf } from '../control-plane/process-usage.ts';
import { startRelaySimulator } from '../control-plane/relay-simulator.ts';
import { lastLines } from '../machine/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { type Recording, record } from './floor.ts';
import { beginPhase, type Phase, reconciles, waitForQuiet } from './phase.ts';

/** What a scale run found. */
export interface ScaleResult {
  readonly phases: readonly Phase[];
  /** What the operator wrote for a RelayProxy. */
  readonly recording: Recording;
}

/** What a scale run takes. */
export interface ScaleOptions {
  readonly relayProxies: number;
  /** How long the idle fleet is watched, ms. */
  readonly idleMs: number;
  /** Writes a CPU profile of the cold start into this folder. */
  readonly profileFolder?: string | undefined;
  readonly progress: (text: string) => void;
}

/** For each wait: on a machine that does other work too, a control plane of 3,000 pods takes long. */
const TIMEOUT_MS = 3_600_000;
const QUIET_MS = 5_000;

/**
 * Measures the shipped operator on a real control plane with kwok's nodes and pods: a cold start with all RelayProxies there and
 * nothing made for them, an idle fleet, and a start with everything made.
 */
export async function measureScale({
  relayProxies,
  idleMs,
  profileFolder,
  progress,
}: ScaleOptions): Promise<ScaleResult> {
  await buildOperator();
  progress('starting a control plane');
  const plane = await openControlPlane('scale');
  const stops: (() => Promise<void>)[] = [plane.close];
  const phases: Phase[] = [];
  try {
    const lab = openLabClient(plane.kubeconfig);
    stops.unshift(lab.close);
    const simulator = startRelaySimulator(lab, ENVIRONMENTS);
    stops.unshift(simulator.stop);
    progress(`creating ${relayProxies} RelayProxies`);
    const fleet = await createFleet(lab, relayProxies);
    stops.unshift(fleet.stop);

    progress('cold start');
    const start = (name: string, nodeArgs: readonly string[] = []) =>
      startOperator({ name, folder: plane.folder, kubeconfig: plane.operatorKubeconfig(0), nodeArgs });
    const endCold = await beginPhase('cold start, until all are Ready', plane, undefined);
    const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    let operator = await start('first', profile);
    stops.unshift(() => operator.stop());
    let told = 0;
    await waitFor(
      `${relayProxies} Ready RelayProxies`,
      () => {
        if (performance.now() - told > 10_000) {
          told = performance.now();
          progress(
            `${fleet.ready()} Ready, ${simulator.reports} reports, ${simulator.failures} failed; ${usageText(operator.pid)}`,
          );
        }
        return fleet.ready() >= relayProxies || operator.ended() !== undefined || undefined;
      },
      { timeoutMs: TIMEOUT_MS, intervalMs: 100 },
    );
    if (operator.ended() !== undefined) throw new Error(`the operator has ended:\n${lastLines(operator.log(), 3)}`);
    phases.push(await endCold(operator));
    progress('all are Ready; waiting until nothing more is written');
    const endSettled = await beginPhase('after that, until nothing more is written', plane, operator);
    await waitForQuiet(plane, QUIET_MS, TIMEOUT_MS);
    phases.push(await endSettled(operator));

    progress('idle');
    const endIdle = await beginPhase('idle', plane, operator);
    await delay(idleMs);
    phases.push(await endIdle(operator));

    progress('restart');
    await operator.stop();
    const endRestart = await beginPhase('restart, until each was looked at', plane, undefined);
    operator = await start('second');
    await waitFor(
      'a look at each RelayProxy',
      async () => ((await reconciles(operator)) >= relayProxies ? true : undefined),
      { timeoutMs: TIMEOUT_MS, intervalMs: 100 },
    );
    phases.push(await endRestart(operator));
    const endQuiet = await beginPhase('after that, until nothing more is written', plane, operator);
    await waitForQuiet(plane, QUIET_MS, TIMEOUT_MS);
    phases.push(await endQuiet(operator));
    return { phases, recording: await record(lab) };
  } finally {
    for (const stop of stops) await stop();
  }
}

function usageText(pid: number): string {
  const { cpuSeconds, rssBytes } = usageOf(pid);
  return `operator ${cpuSeconds.toFixed(0)} s of CPU, ${(rssBytes / 2 ** 20).toFixed(0)} MiB`;
}
