import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask } from './client.ts';
import { eventually } from './eventually.ts';
import { KEYS, sampleData } from './relay.ts';
import { startUpstream } from './upstream.ts';

const MAIN = new URL('../main.ts', import.meta.url).pathname;

/** A running program. */
export interface Run {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const children = new Set<ChildProcess>();

/** Ends the programs that still run; call it after the tests of a file. */
export function endPrograms(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** Runs the relay's program with just this environment. */
export function run(args: readonly string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH ?? '', ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  children.add(child);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
  return { child, output: () => output, exited };
}

/** The port that the log line names. */
export async function portOf({ output }: Run): Promise<number> {
  return eventually(() => {
    const match = /"message":"listening","port":(\d+)/.exec(output());
    assert.ok(match, output());
    return Number(match[1]);
  }, 30_000);
}

/** A port that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs a relay with one environment and waits until it serves; the caller closes `upstream`. */
export async function serving(extra: Record<string, string> = {}) {
  const upstream = await startUpstream();
  upstream.add(KEYS.sdk, sampleData());
  const started = run(['--from-env'], {
    PORT: String(await freePort()),
    STREAM_URI: upstream.url,
    LD_ENV_test: KEYS.sdk,
    LOG_FORMAT: 'json',
    ...extra,
  });
  const port = await portOf(started);
  await eventually(async () => {
    assert.equal((await ask(port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } })).status, 200);
  }, 30_000);
  return { upstream, started, port };
}
