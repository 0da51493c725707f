import { describe } from '../telemetry/describe.ts';
import type { Logger } from '../telemetry/logger.ts';
import { observeJobs } from './jobs.ts';
import type { JobName } from './names.ts';

/** A job that fails again and again is logged once in this time, in ms; each time is counted. */
const QUIET_MS = 60_000;

/** Logs and counts the failed jobs of this process; call what it returns to stop. @param now monotonic, in ms */
export function reportJobFailures(
  logger: Logger,
  failures: { inc(labels: { job: JobName }): void },
  now: () => number = () => performance.now(),
): () => void {
  const logged = new Map<JobName, number>();
  return observeJobs((job, error) => {
    failures.inc({ job });
    const last = logged.get(job);
    if (last !== undefined && now() - last < QUIET_MS) return;
    logged.set(job, now());
    logger.error('a scheduled job failed; the relay goes on', { job, error: describe(error) });
  });
}
