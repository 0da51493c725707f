/** Every job that is scheduled with `jobs.ts`: a fixed set, since they are label values of a metric. */
export const JOB_NAMES = ['answers', 'events-flush', 'events-wait', 'events-close', 'usage'] as const;

/** The name of a job in logs and metrics. */
export type JobName = (typeof JOB_NAMES)[number];
