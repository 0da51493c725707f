import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel has counted of this process and of a relay since they started, in ms. */
export interface ProcessorTimes {
  /** How long their event loops could have run and waited for a processor instead. */
  readonly starved: number;
  /** How long all threads of the relay ran: its event loop, the garbage collector, inflating. */
  readonly used: number;
}

/** No machine that tests run on keeps a process waiting for this long, in ms: an answer that takes longer waits for the relay. */
const NO_MACHINE_MS = 10_000;

/** Reads the times of this process and of the relay `pid`; all 0 for one that is gone. */
export function processorTimes(pid: number): ProcessorTimes {
  let used = 0;
  for (const task of threads(pid)) used += schedstat(pid, task).ran;
  return { starved: schedstat(process.pid, String(process.pid)).waited + schedstat(pid, String(pid)).waited, used };
}

/**
 * What of `clockMs`, the time that an answer took, the relay can have been the cause of. On a machine that does other work, too, a time on the
 * clock has more in it: what the event loops waited for a processor; and a relay whose threads ran for less than that time did
 * not stop for longer than they ran (its collector waits for threads of its own, which wait for a processor as well).
 */
export function ownMs(clockMs: number, before: ProcessorTimes, after: ProcessorTimes): number {
  if (clockMs > NO_MACHINE_MS) return clockMs;
  return Math.min(clockMs - (after.starved - before.starved), after.used - before.used);
}

function threads(pid: number): readonly string[] {
  return readOrGone(() => readdirSync(`/proc/${pid}/task`)) ?? [];
}

/** A task's time on a processor and on the queue of those that can run; 0 where the kernel does not count it, or the task is gone. */
function schedstat(pid: number, task: string): { readonly ran: number; readonly waited: number } {
  const text = readOrGone(() => readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')) ?? '';
  const [ran = 0, waited = 0] = text.split(' ').map((ns) => Number(ns) / 1e6);
  return { ran, waited };
}

function readOrGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
