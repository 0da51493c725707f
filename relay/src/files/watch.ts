import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { jobEvery, jobTimer } from '../jobs/jobs.ts';

/** How often files are looked at without a notification, in ms: some file systems send none. */
const POLL_MS = 5_000;

/** Events that come in one go, such as the steps of a symlink swap, are taken together after so many ms. */
const SETTLE_MS = 50;

/** Watches that are running. */
export interface FileWatch {
  close(): void;
}

/**
 * Calls `check` soon after something happened in the folder of one of the files, and every `pollMs` in any case. The
 * folder is watched and not the file, because editors and Kubernetes replace files: a mounted ConfigMap or Secret
 * changes by a new target of the link `..data`. `check` finds out itself whether anything is new; it must not throw.
 */
export function watchFiles(paths: readonly string[], check: () => void, pollMs: number = POLL_MS): FileWatch {
  const watchers = new Map<string, FSWatcher>();
  const folders = new Set(paths.map((path) => dirname(path)));
  const settling = jobTimer('file-watch', check);

  function open(folder: string): void {
    if (watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => settling.arm(SETTLE_MS));
      // A folder that goes away is opened again by the poll.
      watcher.on('error', () => drop(folder));
      watchers.set(folder, watcher);
    } catch {
      // Not there, or no watches left: the poll does the work.
    }
  }

  function drop(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
    settling.arm(SETTLE_MS);
  }

  for (const folder of folders) open(folder);
  const poll = jobEvery('file-watch', pollMs, () => {
    for (const folder of folders) open(folder);
    check();
  }).unref();

  return {
    close() {
      clearInterval(poll);
      settling.cancel();
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}
