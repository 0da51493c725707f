import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from './graph.ts';

interface PackageJson {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
}

/** The workspaces of the repository at `root`, by its `package.json`. */
export function readWorkspaces(root: string): Workspace[] {
  const read = (folder: string): PackageJson => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return (read('').workspaces ?? [])
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const { name, exports = {} } = read(folder);
      return { folder, name, exports };
    });
}
