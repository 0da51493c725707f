import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Origin } from './report/recorded.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Results that a run itself writes. */
const RESULTS = [':!relay/bench/*.json', ':!relay/bench/RESULTS.md'];

/** Begins something that is measured; call the result at its end. */
export function originFromNow(): () => Origin {
  const before = loadavg()[0] ?? Number.NaN;
  return () => ({
    at: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    load: [rounded(before), rounded(loadavg()[0] ?? Number.NaN)],
  });
}

/** The commit that is checked out, and whether sources were changed since. */
function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', '--short', 'HEAD');
  if (status !== 0) return 'unknown';
  const changed = git('diff', '--quiet', 'HEAD', '--', '.', ...RESULTS).status !== 0;
  return `${stdout.trim()}${changed ? ' with changes' : ''}`;
}

/** The newest commit of a moment, ISO 8601: the one that something measured then was built from, unless it was built from changes. */
export function commitAt(at: string): string {
  const { status, stdout } = spawnSync('git', ['rev-list', '-1', '--abbrev-commit', `--before=${at}`, 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status === 0 && stdout !== '' ? stdout.trim() : 'unknown';
}

function rounded(load: number): number {
  return Number(load.toFixed(2));
}
