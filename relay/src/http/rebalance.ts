import { readFileSync } from 'node:fs';
import { watchFiles } from '../files/watch.ts';
import type { Hub } from '../streams/hub.ts';
import { parseShedDirective } from '../streams/shed-directive.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Orders that are followed until it is closed. */
export interface Rebalancing {
  /** Follows no further order, and closes no more streams for the one that is being carried out. */
  close(): void;
}

/** Dependencies of {@link followShedFile}. */
export interface RebalancingOptions {
  /** File that holds the order: an annotation of this pod, which kubelet keeps up to date. */
  readonly path: string;
  readonly hub: Pick<Hub, 'shed' | 'size'>;
  readonly logger: Logger;
  /** How often to look when the file system is silent, in ms. */
  readonly pollMs?: number;
}

/**
 * Closes a share of the streams whenever a new order is in the file. The one that is there at the start was meant for a
 * process before this one. A new order takes the place of one that is being carried out.
 */
export function followShedFile({ path, hub, logger, pollMs }: RebalancingOptions): Rebalancing {
  let last = textOf(path);
  let running: AbortController | undefined;

  const check = (): void => {
    const text = textOf(path);
    if (text === last) return;
    last = text;
    running?.abort();
    running = undefined;
    try {
      const order = parseShedDirective(text);
      if (order === undefined) return;
      const { id, share, overMs } = order;
      logger.info('closing some streams, so that clients spread over all pods', { id, share, overMs, open: hub.size });
      running = new AbortController();
      void hub.shed(share, overMs, running.signal);
    } catch (error) {
      logger.warn('the order to close streams is not understood', { error: (error as Error).message });
    }
  };
  const watch = watchFiles([path], check, pollMs);
  return {
    close() {
      watch.close();
      running?.abort();
    },
  };
}

/** Empty while the file is not there. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
