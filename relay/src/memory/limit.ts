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
 * Bytes that this process may take: its part of the container's limit, or else of the machine's memory, and no more than what goes with
 * V8's heap limit. All bounds that are "a share of the memory limit" are shares of this.
 * @param processes how many share the container: workers of one relay
 */
export function memoryLimitBytes(facts: MemoryFacts = currentFacts(), processes = 1): number {
  return Math.floor(Math.min((containerBytes(facts) ?? facts.total) / processes, facts.heapLimit / HEAP_SHARE));
}

/** The container's limit in bytes; undefined without one. */
export function containerBytes({ constrained, total }: MemoryFacts = currentFacts()): number | undefined {
  return constrained !== undefined && constrained > 0 && constrained < total ? constrained : undefined;
}

function currentFacts(): MemoryFacts {
  return {
    constrained: process.constrainedMemory(),
    total: totalmem(),
    heapLimit: getHeapStatistics().heap_size_limit,
  };
}
