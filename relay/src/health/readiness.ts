import type { Access } from '../environment/standing.ts';

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
 * - at least one environment has data, or there is no environment at all. One missing Secret of many keeps no pod from
 *   serving the other environments.
 *
 * A pod whose every key is refused or missing, or whose upstream cannot be reached, stays unready, so that a rollout of a
 * wrong key stops, and pods that still have the key go on. Once ready, losing upstream or a Secret does not make a pod
 * unready: it serves the last good data.
 */
export function readiness(listed: boolean, environments: readonly ReadinessFacts[]): Readiness {
  if (!listed) return { ready: false, reason: 'the list of environments is not known yet' };
  const waiting = environments.filter((one) => !one.settled).length;
  if (waiting > 0)
    return { ready: false, reason: `${waiting} of ${environments.length} environments have no data yet` };
  if (environments.some((one) => one.hasData)) return { ready: true, reason: 'ok' };
  if (environments.length === 0) return { ready: true, reason: 'there is no environment' };
  const isKeyless = environments.every((one) => one.access === 'keyless');
  return { ready: false, reason: isKeyless ? 'no environment has its credential yet' : 'no environment has data' };
}
