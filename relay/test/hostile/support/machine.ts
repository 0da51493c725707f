import { readFileSync } from 'node:fs';

/**
 * How long, in ms, the event loops of this process and of another could have run and waited for a processor instead, since they started. On a
 * machine that does other work, too, this is what a time on the clock has in it that neither of them took.
 */
export function starvedMs(pid: number): number {
  return waited(process.pid) + waited(pid);
}

/** The second number of a task's `schedstat`: ns on the queue of processes that can run; 0 where the kernel does not count it. */
function waited(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
}
