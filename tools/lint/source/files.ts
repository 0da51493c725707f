import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is made or installed, and no part of the repository. */
const SKIPPED = new Set(['node_modules', 'dist', '.git', '.cache']);

/** A text of the repository; its path is from the root, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** All files below `root` (a folder on disk) whose names end with one of `endings`, sorted by path. */
export function readFiles(root: string, endings: readonly string[]): SourceFile[] {
  const paths = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : paths(path);
      return entry.isFile() && endings.some((ending) => path.endsWith(ending)) ? [path] : [];
    });
  return paths('')
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
