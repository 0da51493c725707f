import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Fault, seed } from './fault.ts';

/** A copy of a checkout in which faults are seeded, so that the checkout itself never has one. Disposing removes it. */
export interface Scratch extends Disposable {
  readonly root: string;
  /** Seeds a fault; what it returns takes it out again. Throws StaleFaultError. */
  seed(fault: Fault): () => void;
}

/** Copies everything that git knows of, and links to what npm installed. */
export function createScratch(checkout: string): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'flagrelay-mutants-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    try {
      cpSync(join(checkout, file), join(root, file));
    } catch (error) {
      // Known to git and just deleted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  linkPackages(checkout, root);
  return {
    root,
    seed: (fault) => {
      const path = join(root, fault.file);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, seed(text, fault));
      return () => writeFileSync(path, text);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Packages of the registry are shared; those of the workspaces are links relative to the copy, so that they are its own. */
function linkPackages(checkout: string, root: string): void {
  const workspaces = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')).workspaces as string[];
  for (const folder of ['', ...workspaces]) {
    const from = join(checkout, folder, 'node_modules');
    const to = join(root, folder, 'node_modules');
    let entries: string[];
    try {
      entries = readdirSync(from);
    } catch {
      continue; // Nothing of its own is installed there.
    }
    mkdirSync(to, { recursive: true });
    for (const entry of entries) {
      if (entry === '@flagrelay')
        cpSync(join(from, entry), join(to, entry), { recursive: true, verbatimSymlinks: true });
      else symlinkSync(join(from, entry), join(to, entry));
    }
  }
}
