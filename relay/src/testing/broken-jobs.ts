import { probeJobs } from '../jobs/jobs.ts';

// Loaded with `--import` before a relay's program, in its workers too: `BROKEN_JOBS=usage:1,answers:3` throws in the place of the first run of
// one job and of the third of another, in each process.

const left = new Map(
  (process.env.BROKEN_JOBS ?? '').split(',').map((text) => {
    const [job = '', run = '1'] = text.split(':');
    return [job, Number(run)];
  }),
);

probeJobs((job) => {
  const run = left.get(job);
  if (run === undefined) return;
  left.set(job, run - 1);
  if (run === 1) throw new Error(`thrown in ${job}`);
});

// A promise that nobody waits for, when the process has surely started: before, nobody hears of what fails. It does not run but for this.
if (left.has('promise')) setTimeout(() => void Promise.reject(new Error('thrown in a promise')), 5_000);
