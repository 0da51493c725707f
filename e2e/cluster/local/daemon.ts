import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines } from '../../machine/run.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Component } from './components.ts';
import type { Layout } from './layout.ts';
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts';

/** The variable by which every process that a component starts in turn is known as ours. */
export const ownerVariable = 'FLAGRELAY_CLUSTER';

/** A component ended although it should run; the message has the end of its log. */
export class ComponentEndedError extends Error {
  constructor(layout: Layout, name: string) {
    const log = logFile(layout, name);
    super(`${name} has ended; the end of ${log}:\n${lastLines(readFileSync(log, 'utf8'), 15)}`);
    this.name = 'ComponentEndedError';
  }
}

/** Where a component's standard output and error go. */
export function logFile(layout: Layout, name: string): string {
  return join(layout.logs, `${name}.log`);
}

/** The running process of a component; `undefined` when it does not run. */
export function runningProcess(layout: Layout, name: string): ProcessIdentity | undefined {
  const file = processFile(layout, name);
  if (!existsSync(file)) return undefined;
  const identity = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  return isAlive(identity) ? identity : undefined;
}

/** Names of all components that were started and not stopped, whether they still run or not. */
export function recordedComponents(layout: Layout): string[] {
  if (!existsSync(layout.processes)) return [];
  return readdirSync(layout.processes)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
}

/**
 * Starts a component unless it runs, detached from this process, and records who it is.
 *
 * @param program the path of its program
 * @throws Error when the program cannot be started
 */
export async function startComponent(layout: Layout, component: Component, program: string): Promise<void> {
  if (runningProcess(layout, component.name) !== undefined) return;
  mkdirSync(layout.logs, { recursive: true });
  mkdirSync(layout.processes, { recursive: true });
  const log = openSync(logFile(layout, component.name), 'a');
  const child = spawn(program, component.args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      PATH: `${dirname(program)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: layout.stateFolder,
      [ownerVariable]: layout.stateFolder,
    },
  });
  closeSync(log);
  await once(child, 'spawn');
  child.unref();
  const identity = identify(child.pid!);
  if (identity === undefined) throw new ComponentEndedError(layout, component.name);
  writeFileSync(processFile(layout, component.name), JSON.stringify(identity));
}

/**
 * Stops a component with SIGTERM, after `graceMs` with SIGKILL, and forgets it. The grace is short because an API
 * server with watches open waits for a whole minute, and none of them loses anything: all state is etcd's.
 *
 * @throws WaitTimeoutError when it survives even that
 */
export async function stopComponent(layout: Layout, name: string, graceMs = 5_000): Promise<void> {
  const identity = runningProcess(layout, name);
  if (identity !== undefined) await stopProcess(identity, graceMs);
  rmSync(processFile(layout, name), { force: true });
}

/** Ends one process: SIGTERM, and SIGKILL when it is still there after `graceMs` (0: at once). */
export async function stopProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  const gone = () => (isAlive(identity) ? undefined : true);
  if (graceMs > 0) {
    signal(identity, 'SIGTERM');
    const inTime = await waitFor('end of process', gone, { timeoutMs: graceMs, intervalMs: 50 }).catch(() => false);
    if (inTime) return;
  }
  signal(identity, 'SIGKILL');
  await waitFor(`end of process ${identity.pid}`, gone, { timeoutMs: 10_000, intervalMs: 20 });
}

/** Sends a signal to that very process, if it still runs. */
function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  try {
    if (isAlive(identity)) process.kill(identity.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function processFile(layout: Layout, name: string): string {
  return join(layout.processes, `${name}.json`);
}
