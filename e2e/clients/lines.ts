import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A program that reports JSON lines, and what it has reported so far. */
export interface LineProcess<T> {
  /** Every line so far, in order. */
  readonly lines: readonly T[];
  /** Resolves to the first line (past ones included) that fits; rejects when none has come within `timeoutMs` or the program has ended. */
  waitFor(what: string, fits: (line: T) => boolean, timeoutMs: number): Promise<T>;
  /** Ends the program and waits for its end. Idempotent. */
  stop(): Promise<void>;
}

interface Waiter<T> {
  readonly fits: (line: T) => boolean;
  readonly resolve: (line: T) => void;
  readonly reject: (error: Error) => void;
}

/** Starts a program whose stdout is JSON lines; other lines on stdout are passed over, stderr is kept for error messages. */
export function startLineProcess<T>(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): LineProcess<T> {
  const [command, ...args] = argv;
  if (command === undefined) throw new Error('a program is needed');
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: T[] = [];
  const waiters = new Set<Waiter<T>>();
  let stderr = '';
  let ended: string | undefined;

  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4096);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine<T>(text);
    if (line === undefined) return;
    lines.push(line);
    for (const waiter of waiters) if (waiter.fits(line)) waiter.resolve(line);
  });
  const end = (reason: string) => {
    ended ??= reason;
    for (const waiter of waiters) waiter.reject(new Error(`${command} ended (${reason}): ${stderr}`));
  };
  child.on('error', (error) => end(error.message));
  child.on('close', (code, signal) => end(`code ${code ?? signal}`));

  return {
    lines,
    waitFor: (what, fits, timeoutMs) =>
      new Promise<T>((resolve, reject) => {
        const past = lines.find(fits);
        if (past !== undefined) return resolve(past);
        if (ended !== undefined) return reject(new Error(`${command} ended (${ended}) before ${what}: ${stderr}`));
        const settle = () => {
          clearTimeout(timer);
          waiters.delete(waiter);
        };
        const waiter: Waiter<T> = {
          fits,
          resolve: (line) => {
            settle();
            resolve(line);
          },
          reject: (error) => {
            settle();
            reject(error);
          },
        };
        const timer = setTimeout(
          () =>
            waiter.reject(
              new Error(`no ${what} within ${timeoutMs} ms; last lines: ${JSON.stringify(lines.slice(-3))}; ${stderr}`),
            ),
          timeoutMs,
        );
        waiters.add(waiter);
      }),
    stop: () => stopProcess(child),
  };
}

function parseLine<T>(text: string): T | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // A program may print other things that start with a brace; they are no reports.
    return undefined;
  }
}

function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const hard = setTimeout(() => child.kill('SIGKILL'), 5_000);
    child.once('close', () => {
      clearTimeout(hard);
      resolve();
    });
    child.stdin?.end();
    child.kill('SIGTERM');
  });
}
