import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** What the bounds of a process are derived from; the parameters are for tests. */
export interface MemoryFacts {
  /** The container's limit in bytes (cgroup); 0 or undefined = none. */
  readonly constrained: number | undefined;
  /** Memory of the machine in bytes. */
  readonly total: number;
  /** Largest heap of V8 in bytes. */
  readonly heapLimit: number;
}

/** Beside its heap a process has buffers, code and sockets: a heap of 3 parts goes with a process of 4. */
const HEAP_SHARE = 3 / 4;

/**
 * Bytes that this process may take: the container's limit or else the machine's memory, and no more than what goes with V8's heap limit.
 * All bounds that are "a share of the memory limit" are shares of this.
 */
export function memoryLimitBytes(facts: MemoryFacts = currentFacts()): number {
  const { constrained, total, heapLimit } = facts;
  const outer = constrained !== undefined && constrained > 0 && constrained < total ? constrained : total;
  return Math.floor(Math.min(outer, heapLimit / HEAP_SHARE));
}

function currentFacts(): MemoryFacts {
  return {
    constrained: process.constrainedMemory(),
    total: totalmem(),
    heapLimit: getHeapStatistics().heap_size_limit,
  };
}
