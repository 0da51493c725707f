/** Every job that is scheduled with `jobs.ts`: a fixed set, since they are label values of a metric. */
export const JOB_NAMES = [
  'admission',
  'answers',
  'archive-look',
  'big-segments-check',
  'events-flush',
  'events-room',
  'events-sent',
  'fdv2-feed',
  'file-watch',
  'first-list',
  'heartbeat',
  'init-timeout',
  'key-cleanup',
  'key-expiry',
  'key-gate',
  'promise',
  'redis-check',
  'snapshot-write',
  'status-report',
  'stream-end',
  'stream-flush',
  'stream-lifetime',
  'takeover',
  'upstream-close',
  'usage',
  'worker-facts',
  'worker-message',
  'worker-restart',
] as const;

/** The name of a job in logs and metrics. */
export type JobName = (typeof JOB_NAMES)[number];
