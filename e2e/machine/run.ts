import { spawn } from 'node:child_process';

/** What a finished command wrote. */
export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  /** Milliseconds after which the command is killed. */
  readonly timeoutMs: number;
  /** Text for its standard input; without it the input is empty. */
  readonly input?: string;
  /** Variables added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with each chunk of standard error as it arrives, for progress. */
  readonly onStderr?: (chunk: string) => void;
}

/** A command that could not be started, ended with another exit code than 0, or was killed at its deadline. */
export class CommandError extends Error {
  readonly command: string;
  /** `undefined` when the command never ran or was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, reason: string, result: Partial<CommandOutput & { exitCode: number; cause: unknown }>) {
    const stderr = result.stderr ?? '';
    super(`${command}: ${reason}${stderr === '' ? '' : `\n${lastLines(stderr, 12)}`}`, { cause: result.cause });
    this.name = 'CommandError';
    this.command = command;
    this.exitCode = result.exitCode;
    this.stdout = result.stdout ?? '';
    this.stderr = stderr;
  }
}

/**
 * Runs a program to its end, without a shell.
 *
 * @throws CommandError when it cannot be started, fails, or takes longer than `timeoutMs`
 */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<CommandOutput> {
  const command = [file.split('/').at(-1), ...args].join(' ').slice(0, 200);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
      options.onStderr?.(chunk);
    });
    // A program that ends without reading its input closes the pipe early; its exit code tells what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (cause) => reject(new CommandError(command, cause.message, { cause })));
    child.on('close', (exitCode, signal) => {
      if (exitCode === 0) resolve({ stdout, stderr });
      else if (exitCode === null)
        reject(new CommandError(command, `killed by ${signal} (limit ${options.timeoutMs} ms)`, { stdout, stderr }));
      else reject(new CommandError(command, `exit code ${exitCode}`, { exitCode, stdout, stderr }));
    });
  });
}

/** The last `count` lines of a text, without the blank end. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
