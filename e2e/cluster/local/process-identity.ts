import { readdirSync, readFileSync } from 'node:fs';

/** One process for good: process ids come back, this triple does not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot (`/proc/PID/stat` field 22). */
  readonly startTime: number;
  /** `/proc/sys/kernel/random/boot_id` of the boot it was started in. */
  readonly bootId: string;
}

/**
 * The start time in a line of `/proc/PID/stat`, or `undefined` for a process that has ended and waits to be reaped.
 * The name in parentheses may itself hold spaces and parentheses, so that fields count from the last one.
 */
export function startTimeOf(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19]);
}

/** The id of the machine's present boot. */
export function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Who runs under `pid` now; `undefined` when nobody does. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const startTime = stat === undefined ? undefined : startTimeOf(stat);
  return startTime === undefined ? undefined : { pid, startTime, bootId: currentBootId() };
}

/** Whether that very process still runs, not another one under its id. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now?.startTime === identity.startTime && now.bootId === identity.bootId;
}

/**
 * Every process whose environment holds `NAME=value`: what a daemon started with that variable is, and what it
 * started in turn (containerd's shims). Processes of other users are not seen unless the caller is root.
 */
export function processesWithVariable(name: string, value: string): ProcessIdentity[] {
  const wanted = `${name}=${value}`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => readIfThere(`/proc/${pid}/environ`)?.split('\0').includes(wanted) === true)
    .flatMap((pid) => identify(Number(pid)) ?? []);
}

/** A file of /proc; `undefined` when its process has gone or belongs to somebody else. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
