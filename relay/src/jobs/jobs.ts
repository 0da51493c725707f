import type { JobName } from './names.ts';

/** Is told of each job that threw, or whose promise was rejected. Must not throw. */
export type JobObserver = (job: JobName, error: unknown) => void;

const observers = new Set<JobObserver>();
let probe: ((job: JobName) => void) | undefined;

/**
 * Hears of the failed jobs of this process; call what it returns to stop. Jobs belong to the process, as uncaught exceptions do:
 * while nobody hears of them, what a job throws is an uncaught exception.
 */
export function observeJobs(observer: JobObserver): () => void {
  observers.add(observer);
  return () => void observers.delete(observer);
}

/** For tests: called before each run of each job, and may throw in its place. `undefined` takes it away. */
export function probeJobs(inPlace: ((job: JobName) => void) | undefined): void {
  probe = inPlace;
}

/**
 * Runs work that nobody waits for, so that a mistake in it ends this run of it and nothing else. Work that arms itself again must do
 * so in a `finally`, or else a mistake ends it for good.
 */
export function runJob(job: JobName, work: () => unknown): void {
  try {
    probe?.(job);
    const result = work();
    if (result instanceof Promise) result.catch((error: unknown) => failed(job, error));
  } catch (error) {
    failed(job, error);
  }
}

/** `setTimeout` whose work is a job. */
export function jobAfter(job: JobName, ms: number, work: () => unknown): NodeJS.Timeout {
  return setTimeout(runJob, ms, job, work);
}

/** `setInterval` whose work is a job. */
export function jobEvery(job: JobName, ms: number, work: () => unknown): NodeJS.Timeout {
  return setInterval(runJob, ms, job, work);
}

/** `setImmediate` whose work is a job. */
export function jobSoon(job: JobName, work: () => unknown): NodeJS.Immediate {
  return setImmediate(runJob, job, work);
}

function failed(job: JobName, error: unknown): void {
  if (observers.size === 0) throw error;
  for (const observer of observers) observer(job, error);
}
