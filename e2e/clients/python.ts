import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type LineProcess, startLineProcess } from './lines.ts';

/** A line of `python/client.py`. */
export interface PythonReport {
  readonly event: 'ready' | 'change' | 'failed';
  readonly key?: string;
  readonly value?: unknown;
  readonly message?: string;
}

const HERE = join(import.meta.dirname, 'python');

/** Starts the official Python server SDK against a relay, watching one flag for the user `alice`. Installs the SDK at first use. */
export function startPythonClient(relayUrl: string, sdkKey: string, flagKey: string): LineProcess<PythonReport> {
  return startLineProcess([pythonWithSdk(), join(HERE, 'client.py'), relayUrl, sdkKey, flagKey]);
}

/** A Python with the pinned SDK: a virtual environment in the cache folder, made once for each list of requirements. */
function pythonWithSdk(): string {
  const requirements = join(HERE, 'requirements.txt');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'flagrelay', `python-${hash}`);
  const python = join(folder, 'bin/python');
  if (existsSync(join(folder, 'ready'))) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(cache, 'flagrelay'), { recursive: true });
  const base = ensurePython();
  const run = (command: string, args: readonly string[]) =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
  run(base, ['-m', 'venv', folder]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  mkdirSync(join(folder, 'ready.tmp'));
  renameSync(join(folder, 'ready.tmp'), join(folder, 'ready'));
  return python;
}

/** Debian splits venv off; where it is missing and we may, it is installed. */
function ensurePython(): string {
  try {
    execFileSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore', timeout: 30_000 });
  } catch (cause) {
    if (process.getuid?.() !== 0)
      throw new Error('python3 with venv is needed: install the Debian packages python3 and python3-venv', { cause });
    execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], timeout: 300_000 });
    execFileSync('apt-get', ['install', '-y', '-qq', 'python3', 'python3-venv'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 300_000,
    });
  }
  return 'python3';
}
