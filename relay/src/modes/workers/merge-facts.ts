import { ENVIRONMENT_STATES, STORE_STATES } from '@flagrelay/crds/severities';
import { mergeAbsences } from '../../files/absences.ts';
import type { EnvironmentFacts } from '../../health/report-item.ts';
import type { WorkerFacts } from './messages.ts';

/**
 * How the pod does, by its workers: ready when all of them are, as the kernel gives each its share of the connections; an
 * environment is as well as in the worker where it is worst. `undefined` stands for a worker that has not said anything yet.
 */
export function mergeFacts(workers: readonly (WorkerFacts | undefined)[]): WorkerFacts {
  const known = workers.filter((facts) => facts !== undefined);
  const unready = known.find(({ ready }) => !ready);
  const missing = workers.length - known.length;
  const reason =
    missing > 0 ? `${missing} of ${workers.length} workers have not started yet` : (unready?.reason ?? 'ok');
  const byName = new Map<string, EnvironmentFacts>();
  for (const facts of known) {
    for (const environment of facts.environments) {
      byName.set(environment.name, worse(byName.get(environment.name), environment));
    }
  }
  const absences = mergeAbsences(known.map((facts) => facts.absences ?? []));
  // All workers get their environments from the primary.
  const digest = known.find(({ credentialsDigest }) => credentialsDigest !== undefined)?.credentialsDigest;
  return {
    ...(digest === undefined ? {} : { credentialsDigest: digest }),
    ready: missing === 0 && unready === undefined,
    reason,
    connections: known.reduce((sum, { connections }) => sum + connections, 0),
    connectedEnvironments: known.length === 0 ? 0 : Math.min(...known.map((facts) => facts.connectedEnvironments)),
    environments: [...byName.values()],
    ...(absences.length === 0 ? {} : { absences }),
  };
}

/** Of two views of one environment the worse, or else the newer one; the store as in the one where it is worse. */
function worse(a: EnvironmentFacts | undefined, b: EnvironmentFacts): EnvironmentFacts {
  if (a === undefined) return b;
  const by = ENVIRONMENT_STATES.indexOf(b.state) - ENVIRONMENT_STATES.indexOf(a.state) || b.since - a.since;
  const chosen = by <= 0 ? a : b;
  const storeState = STORE_STATES.findLast((state) => a.storeState === state || b.storeState === state);
  return storeState === undefined ? chosen : { ...chosen, storeState };
}
