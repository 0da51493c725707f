import { posix } from 'node:path';
import type { SourceFile } from '../source/files.ts';
import { importsOf } from './statements.ts';

/** A workspace, as its `package.json` has it. */
export interface Workspace {
  /** From the root. */
  readonly folder: string;
  readonly name: string;
  /** Entry (`.`, `./name`, `./name/*`) to file, from the workspace's folder. */
  readonly exports: Readonly<Record<string, string>>;
}

/** One import between two files of the repository. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Of the import in `from`, from 1. */
  readonly line: number;
  /** Named by its path, and not by the name of its package. */
  readonly byPath: boolean;
}

/** All imports between `files`, those of types too. What leads out of them (packages of others, data files) is left out. */
export function edgesOf(files: readonly SourceFile[], workspaces: readonly Workspace[]): Edge[] {
  const known = new Set(files.map(({ path }) => path));
  return files.flatMap(({ path: from, text }) =>
    importsOf(text).flatMap(({ specifier, line }) => {
      const byPath = specifier.startsWith('.');
      const to = byPath ? posix.join(posix.dirname(from), specifier) : exported(specifier, workspaces);
      return to === undefined || !known.has(to) ? [] : [{ from, to, line, byPath }];
    }),
  );
}

/** The file behind `@scope/package/entry`, if it is a workspace's. */
function exported(specifier: string, workspaces: readonly Workspace[]): string | undefined {
  const workspace = workspaces.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (workspace === undefined) return undefined;
  const entry = `.${specifier.slice(workspace.name.length)}`;
  for (const [pattern, target] of Object.entries(workspace.exports)) {
    const stem = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined;
    if (stem === undefined ? entry !== pattern : !entry.startsWith(stem)) continue;
    return posix.join(workspace.folder, stem === undefined ? target : target.replace('*', entry.slice(stem.length)));
  }
  return undefined;
}
