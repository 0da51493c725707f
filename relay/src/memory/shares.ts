/** What clients together may take of a process; bytes and numbers. */
export interface Shares {
  readonly bodyBytes: number;
  readonly headBytes: number;
  readonly answerBytes: number;
  readonly contextBytes: number;
  readonly connections: number;
}

/** What is configured, in bytes and numbers; absent: by the memory. */
export interface ConfiguredShares {
  readonly bodyMemoryBytes?: number | undefined;
  readonly headMemoryBytes?: number | undefined;
  readonly answerMemoryBytes?: number | undefined;
  readonly contextMemoryBytes?: number | undefined;
  readonly maxConnections?: number | undefined;
}

const PART = 1 / 8;
/** For the texts of large contexts that wait; those in bodies count there, too. */
const CONTEXT_PART = 1 / 32;
/** An idle stream takes 6 to 19 KB; at this price connections take half of the memory at most. */
const BYTES_PER_CONNECTION = 32 * 1024;
/** More than this one process cannot work on at a time, however much memory its machine has. */
const MOST_INPUT_BYTES = 128 * 1024 * 1024;
const MOST_ANSWER_BYTES = 512 * 1024 * 1024;
/** Even the smallest process serves some. */
const LEAST_BYTES = 8 * 1024 * 1024;
const LEAST_CONNECTIONS = 256;

/**
 * Divides the memory of a process: an eighth each for the bodies, the unfinished heads and the unread answers of all clients together. The
 * rest is for the data, the events, the streams and the heap's garbage. What is configured wins.
 * @param memory bytes, from `memoryLimitBytes`
 */
export function sharesOf(server: ConfiguredShares, memory: number): Shares {
  const part = Math.max(LEAST_BYTES, Math.floor(memory * PART));
  return {
    bodyBytes: server.bodyMemoryBytes ?? Math.min(part, MOST_INPUT_BYTES),
    headBytes: server.headMemoryBytes ?? Math.min(part, MOST_INPUT_BYTES),
    answerBytes: server.answerMemoryBytes ?? Math.min(part, MOST_ANSWER_BYTES),
    contextBytes: server.contextMemoryBytes ?? defaultContextBytes(memory),
    connections: server.maxConnections ?? Math.max(LEAST_CONNECTIONS, Math.floor(memory / BYTES_PER_CONNECTION)),
  };
}

/** Bytes of large contexts that are evaluated or wait for it, where nothing is configured. @param memory bytes, from `memoryLimitBytes` */
export function defaultContextBytes(memory: number): number {
  return Math.max(LEAST_BYTES, Math.floor(memory * CONTEXT_PART));
}
