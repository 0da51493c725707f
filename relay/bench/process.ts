import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { get as getTls } from 'node:https';

/** A server under measurement, in a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** ms from spawn to the first answer with status 200 */
  readonly startMs: number;
  /** Ends it, at once unless another signal is given; resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** How a server is started. */
export interface ServerSpec {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port: number;
  /** Asked until it answers 200. */
  readonly readyPath: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It speaks TLS, with a certificate that nobody checks. */
  readonly tls?: boolean;
  /** The cores it is held to, as taskset takes them; those of this process when absent. */
  readonly cores?: string;
}

/** A server answers in this time, however busy the machine is, in ms. */
const READY_MS = 120_000;

/** Starts a server and waits until it answers. */
export async function startServer(spec: ServerSpec): Promise<ServerProcess> {
  const argv = spec.cores === undefined ? [...spec.argv] : ['taskset', '-c', spec.cores, ...spec.argv];
  const [command, ...args] = argv;
  if (command === undefined) throw new Error('a server needs a command');
  const started = performance.now();
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...spec.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-2000);
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code} before it answered: ${stderr}`)));
  });
  // The race below sees it; a server that is stopped later ends without anybody waiting for this.
  failed.catch(() => undefined);
  await Promise.race([answers(spec, started + READY_MS), failed]);
  const startMs = performance.now() - started;
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} has no process id`);
  return { pid, port: spec.port, startMs, stop: (signal = 'SIGKILL') => end(child, signal) };
}

async function answers(spec: ServerSpec, deadline: number): Promise<void> {
  for (;;) {
    if ((await statusOf(spec)) === 200) return;
    if (performance.now() > deadline) throw new Error(`${spec.readyPath} did not answer 200 in time`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function statusOf(spec: ServerSpec): Promise<number> {
  return new Promise((resolve) => {
    const request = (spec.tls === true ? getTls : get)(
      {
        rejectUnauthorized: false,
        host: '127.0.0.1',
        port: spec.port,
        path: spec.readyPath,
        headers: { ...spec.headers },
        agent: false,
        timeout: 2_000,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', () => resolve(0));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

/** How long a server may take to end by itself, in ms. */
const END_MS = 10_000;

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    child.kill(signal);
  });
}

/** Resident and proportional memory of a process in bytes. */
export function memoryOf(pid: number): { readonly rss: number; readonly pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { rss: kib('Rss') * 1024, pss: kib('Pss') * 1024 };
}

/** Begins to watch the highest resident memory of a process; call the result for it, in bytes. */
export function watchPeak(pid: number): () => number {
  // 5: forget the peak so far, proc(5).
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return () => {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) * 1024;
  };
}

/** CPU time that the threads of a process have used so far, in µs: the scheduler's count, which has no ticks. */
export function cpuOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return Number(text.slice(0, text.indexOf(' ')));
  });
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1000;
}
