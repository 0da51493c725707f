/** Set in the environment of a worker process. */
export const WORKER_VARIABLE = 'FLAGRELAY_WORKER';

/** True in a process that a primary has started as its worker. */
export function isWorker(): boolean {
  return process.env[WORKER_VARIABLE] === '1' && process.send !== undefined;
}
