import type { Access } from '../environment/environment.ts';

/** What readiness looks at in an environment. */
export interface ReadinessFacts {
  readonly access: Access;
  readonly settled: boolean;
  /** It has data to serve, from upstream, a store or a snapshot. */
  readonly hasData: boolean;
}

/** Whether the pod should get traffic, and why not. */
export interface Readiness {
  readonly ready: boolean;
  /** For the body of `/readyz`; no credential in it. */
  readonly reason: string;
}

/**
 * Whether start-up is over and the relay has something to serve:
 *
 * - the list of environments is known;
 * - every environment has data, was refused by upstream, has no credential yet, or its init timeout passed;
 * - at least one environment has data — unless no environment could have any, because each one waits for its
 *   credential or there is none: one missing Secret must not keep a pod from running.
 *
 * A pod whose every key is refused or whose upstream cannot be reached stays unready, so that a rollout of a wrong key
 * stops. Once ready, losing upstream does not make a pod unready: it serves the last good data.
 */
export function readiness(listed: boolean, environments: readonly ReadinessFacts[]): Readiness {
  if (!listed) return { ready: false, reason: 'the list of environments is not known yet' };
  const waiting = environments.filter((one) => !one.settled).length;
  if (waiting > 0)
    return { ready: false, reason: `${waiting} of ${environments.length} environments have no data yet` };
  if (environments.some((one) => one.hasData)) return { ready: true, reason: 'ok' };
  const couldHaveData = environments.filter((one) => one.access !== 'keyless').length;
  if (couldHaveData === 0) return { ready: true, reason: 'no environment with a credential' };
  return { ready: false, reason: 'no environment has data' };
}
