import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used and holds; of Linux' /proc. */
export interface Usage {
  /** User and system time so far, seconds. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** The most it ever held. */
  readonly peakRssBytes: number;
  /** Open file descriptors. */
  readonly files: number;
}

const TICKS_PER_SECOND = 100;

/** Reads what a process uses. Throws when it has ended. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // utime and stime are fields 14 and 15 of proc(5); the name before them may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssBytes: kib('VmRSS') * 1024,
    peakRssBytes: kib('VmHWM') * 1024,
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}
