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

/** The same with what comes next, called when the work has ended, its promise too, well or not: such as a timer for the next run. */
export function jobAfterThen(job: JobName, ms: number, work: () => unknown, next: () => void): NodeJS.Timeout {
  return setTimeout(() => {
    let running: unknown;
    try {
      runJob(job, () => {
        running = work();
        return running;
      });
    } finally {
      Promise.resolve(running).then(next, next);
    }
  }, ms);
}

/** `setInterval` whose work is a job. */
export function jobEvery(job: JobName, ms: number, work: () => unknown): NodeJS.Timeout {
  return setInterval(runJob, ms, job, work);
}

/** `setImmediate` whose work is a job. */
export function jobSoon(job: JobName, work: () => unknown): NodeJS.Immediate {
  return setImmediate(runJob, job, work);
}

/** A job that is at most once ahead. */
export interface JobTimer {
  /** Lets it run in so many ms, unless it is to run already. */
  arm(ms: number): void;
  cancel(): void;
}

/**
 * A job on a timer of its own, which knows of itself whether it is ahead, and goes on after a mistake.
 * @param next asked after each run, whether that failed or not: ms until the next one, undefined for none
 */
export function jobTimer(
  job: JobName,
  work: () => unknown,
  next: () => number | undefined = () => undefined,
): JobTimer {
  let timer: NodeJS.Timeout | undefined;
  const arm = (ms: number): void => {
    timer ??= setTimeout(run, ms);
  };
  const run = (): void => {
    timer = undefined;
    try {
      runJob(job, work);
    } finally {
      const ms = next();
      if (ms !== undefined) arm(ms);
    }
  };
  return {
    arm,
    cancel: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** A job that runs once, soon, however often it is asked for before; call it to ask. */
export function jobOnceSoon(job: JobName, work: () => unknown): () => void {
  let ahead = false;
  const run = (): void => {
    ahead = false;
    runJob(job, work);
  };
  return () => {
    if (ahead) return;
    ahead = true;
    setImmediate(run);
  };
}

function failed(job: JobName, error: unknown): void {
  if (observers.size === 0) throw error;
  for (const observer of observers) observer(job, error);
}
