import type { RelayConfig } from '../config/document.ts';

/** What clients together may take of a process; bytes and numbers. */
export interface Shares {
  readonly bodyBytes: number;
  readonly headBytes: number;
  readonly answerBytes: number;
  readonly connections: number;
}

const PART = 1 / 8;
/** An idle stream takes 6 to 19 KB; at this price connections take half of the memory at most. */
const BYTES_PER_CONNECTION = 32 * 1024;
/** Even the smallest process serves some. */
const LEAST_BYTES = 8 * 1024 * 1024;
const LEAST_CONNECTIONS = 256;

/**
 * Divides the memory of a process: an eighth each for the bodies, the unfinished heads and the unread answers of all clients together. The
 * rest is for the data, the events, the streams and the heap's garbage. What is configured wins.
 * @param memory bytes, from `memoryLimitBytes`
 */
export function sharesOf(
  server: Pick<RelayConfig['server'], 'bodyMemoryBytes' | 'headMemoryBytes' | 'answerMemoryBytes' | 'maxConnections'>,
  memory: number,
): Shares {
  const part = Math.max(LEAST_BYTES, Math.floor(memory * PART));
  return {
    bodyBytes: server.bodyMemoryBytes ?? part,
    headBytes: server.headMemoryBytes ?? part,
    answerBytes: server.answerMemoryBytes ?? part,
    connections: server.maxConnections ?? Math.max(LEAST_CONNECTIONS, Math.floor(memory / BYTES_PER_CONNECTION)),
  };
}
