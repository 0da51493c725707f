import { readFile, stat } from 'node:fs/promises';
import type { LinkError, LinkState } from '../../../data/link.ts';
import type { Source, SourceSink } from '../../../environment/source.ts';
import { type FileWatch, watchFiles } from '../../../files/watch.ts';
import { refuseInto } from '../../../store/refused-items.ts';
import type { Logger } from '../../../telemetry/logger.ts';
import { DataError } from '../model/parse.ts';
import { readDataFile } from './data-file.ts';

/** Larger files are refused: V8 cannot hold them as one string. */
const MAX_FILE_BYTES = 400_000_000;

/** Dependencies of a file source. */
export interface FileSourceOptions {
  readonly path: string;
  readonly logger: Logger;
  /** How often the file is looked at although nothing was said, in ms. */
  readonly pollMs?: number;
  /** ms since the epoch; for tests. */
  readonly now?: () => number;
}

/** Serves a data file and follows its changes. A file that is broken or gone keeps the last good data and is reported as a link error. */
export function createFileSource(options: FileSourceOptions): Source {
  const { path, logger, now = Date.now } = options;
  let watch: FileWatch | undefined;
  let sink: SourceSink | undefined;
  let state: LinkState = 'INITIALIZING';
  let lastText: string | undefined;
  let lastProblem = '';
  let working: Promise<void> | undefined;
  let again = false;
  let deliverAnyway = false;

  function fail(kind: LinkError['kind'], message: string): void {
    if (message === lastProblem) return;
    lastProblem = message;
    logger.error('the data file cannot be used', { file: path, problem: message });
    state = lastText === undefined ? 'INITIALIZING' : 'INTERRUPTED';
    sink?.link(state, { kind, time: now(), message });
  }

  async function load(): Promise<void> {
    try {
      const { size } = await stat(path);
      if (size > MAX_FILE_BYTES) throw new DataError(`${size} bytes are too many; the limit is ${MAX_FILE_BYTES}`);
      const text = await readFile(path, 'utf8');
      if (text === lastText && state === 'VALID' && !deliverAnyway) return;
      deliverAnyway = false;
      const data = readDataFile(text, refuseInto(logger));
      if (!sink) return;
      await sink.put(data);
      lastText = text;
      lastProblem = '';
      logger.info('serving the data file', { file: path, flags: data.flags.size, segments: data.segments.size });
      if (state !== 'VALID') sink?.link('VALID');
      state = 'VALID';
    } catch (error) {
      if (error instanceof DataError) fail('INVALID_DATA', error.message);
      else fail('UNKNOWN', (error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
  }

  /** One load at a time; a change during one is followed by another. */
  function check(): void {
    if (working !== undefined) {
      again = true;
      return;
    }
    working = load().finally(() => {
      working = undefined;
      if (!again || !sink) return;
      again = false;
      check();
    });
  }

  return {
    start(target) {
      sink = target;
      watch = watchFiles([path], check, options.pollMs);
      check();
    },
    restart() {
      deliverAnyway = true;
      check();
    },
    async close() {
      watch?.close();
      sink = undefined;
      await working;
    },
  };
}
