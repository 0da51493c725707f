import type { Compile, Compiled, DataSet } from '../../data/data.ts';
import type { Store } from '../../environment/store.ts';
import { jobTimer } from '../../jobs/jobs.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { refuseInto } from '../refused-items.ts';
import type { SnapshotFile } from './files.ts';

/** Dependencies of {@link withSnapshot}. */
export interface SnapshotDeps<C extends Compiled> {
  readonly file: SnapshotFile;
  readonly compile: Compile<C>;
  readonly logger: Logger;
  /** Another process writes the file. */
  readonly readOnly?: boolean;
  /** Changes are gathered for this long, in ms. */
  readonly debounceMs?: number;
}

/** Changes are gathered for this long before they are written, in ms; less up to a fifth at random. */
const DEBOUNCE_MS = 5_000;

/** What an earlier run left behind. */
interface Preloaded<C> {
  readonly compiled: C;
  readonly savedAt: number;
}

/**
 * A store whose data survive a restart: what upstream delivers is written to a file, and served from there after a restart
 * until upstream, or the store itself, has data. A file that cannot be read or written is logged, and nothing else changes.
 */
export function withSnapshot<C extends Compiled>(
  inner: Store<C>,
  { file, compile, logger, readOnly = false, debounceMs = DEBOUNCE_MS }: SnapshotDeps<C>,
): Store<C> {
  let live = false;
  let preloaded: Preloaded<C> | undefined;
  let unsaved: { readonly data: DataSet; readonly at: number } | undefined;
  let writing: Promise<void> = Promise.resolve();
  let lastProblem: string | undefined;
  let closed = false;

  const load = async (): Promise<void> => {
    try {
      const snapshot = await file.read(refuseInto(logger));
      // Upstream may have been faster.
      if (snapshot === undefined || live) return;
      preloaded = { compiled: compile(snapshot.data), savedAt: snapshot.savedAt };
      logger.info('data of an earlier run are there until upstream answers', {
        savedAt: new Date(snapshot.savedAt).toISOString(),
        flags: snapshot.data.flags.size,
      });
    } catch (error) {
      logger.warn('the snapshot of an earlier run cannot be used', {
        file: file.path,
        error: (error as Error).message,
      });
    }
  };
  const loading = load();

  const save = (): void => {
    const next = unsaved;
    unsaved = undefined;
    if (next === undefined) return;
    writing = writing.then(() => write(next.data, next.at));
  };

  const saving = jobTimer('snapshot-write', save);

  const write = async (data: DataSet, at: number): Promise<void> => {
    try {
      await file.write(data, at);
      if (lastProblem !== undefined) logger.info('snapshots are written again', { file: file.path });
      lastProblem = undefined;
    } catch (error) {
      const { message } = error as Error;
      // Once for each kind of trouble; the next change tries again.
      const problem = (error as NodeJS.ErrnoException).code ?? message;
      if (problem !== lastProblem) logger.error('the snapshot cannot be written', { file: file.path, error: message });
      lastProblem = problem;
    }
  };

  const changed = ({ data }: C): void => {
    live = true;
    preloaded = undefined;
    if (readOnly) return;
    unsaved = { data, at: Date.now() };
    if (!closed) saving.arm(debounceMs * (1 - Math.random() / 5));
  };

  const readWithFallback = async (own: Promise<C | undefined>): Promise<C | undefined> => {
    try {
      return (await own) ?? preloaded?.compiled;
    } catch (error) {
      if (preloaded !== undefined) return preloaded.compiled;
      throw error;
    }
  };

  return {
    init: async (data) => {
      const compiled = await inner.init(data);
      changed(compiled);
      return compiled;
    },
    upsert: async (item) => {
      const result = await inner.upsert(item);
      if (result.applied) changed(result.data);
      return result;
    },
    read: () => {
      const own = inner.read();
      if (live || preloaded === undefined) return own;
      return own instanceof Promise ? readWithFallback(own) : (own ?? preloaded.compiled);
    },
    preloaded: async () => {
      await loading;
      return preloaded !== undefined;
    },
    linked: (healthy) => inner.linked?.(healthy),
    status: () => {
      const status = inner.status();
      return preloaded === undefined ? status : { ...status, snapshotOf: preloaded.savedAt };
    },
    close: async () => {
      closed = true;
      saving.cancel();
      await loading;
      save();
      await writing;
      await inner.close();
    },
  };
}
