/** Part of a container's memory that is for the heap, as in the image; the rest is for buffers, code and sockets. */
const HEAP_PART = 0.62;
const MIB = 1024 * 1024;
const PERCENTAGE = /^--max[-_]old[-_]space[-_]size[-_]percentage=/;
const FIXED = /^--max[-_]old[-_]space[-_]size=/;

/** How Node is started. */
export interface NodeStart {
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * How Node is started for one of several workers: with its part of the heap, where the options of this process are about the whole
 * container. A size that somebody chose is that of each process, and stays.
 * @param container bytes that the container may take; undefined without a limit
 */
export function workerNode(own: NodeStart, workers: number, container: number | undefined): NodeStart {
  const given = (own.env.NODE_OPTIONS ?? '').split(/\s+/).filter((option) => option !== '');
  if (container === undefined || [...given, ...own.execArgv].some((option) => FIXED.test(option))) return own;
  const others = (options: readonly string[]) => options.filter((option) => !PERCENTAGE.test(option));
  const heap = Math.max(1, Math.floor((container * HEAP_PART) / workers / MIB));
  return {
    execArgv: [...others(own.execArgv), `--max-old-space-size=${heap}`],
    // A percentage would win over the size.
    env: { ...own.env, NODE_OPTIONS: others(given).join(' ') },
  };
}
