import type { InstanceStatus, RelayProxy } from '@flagrelay/crds';
import { allOthers } from '@flagrelay/crds';
import type { Snapshot } from './snapshot.ts';
import { someOf } from './verdict.ts';

/** As many environments of one pod are named. */
const MAX_NAMED = 3;

/**
 * Pods that are not ready and lack keys, each with what it waits for, for people. The operator may not read Secrets: it believes
 * the pods which environments lack a key, and names the reference of the spec.
 */
export function podsWithoutKeys({ pods, instances, relayProxy }: Snapshot): string[] {
  return pods.flatMap((pod) => {
    if (pod.ready || pod.terminating) return [];
    const item = instances.find(({ uid }) => uid === pod.uid);
    if (item === undefined || item.ready !== false) return [];
    const missing = missingKeys(item, relayProxy);
    return missing.length === 0 ? [] : [`${pod.name}: not ready without ${someOf(missing, MAX_NAMED)}`];
  });
}

/** Which keys of environments a pod says that it lacks, for people, with the reference of the spec. */
export function missingKeys({ unhealthy = [] }: InstanceStatus, { spec }: RelayProxy): string[] {
  return unhealthy
    .filter(({ state }) => state === 'CredentialMissing')
    .map(({ name, served }) => {
      if (name === allOthers) return 'the keys of most environments';
      const environment = spec.environments?.find((one) => one.name === name);
      // One that is served has its SDK key.
      const isMobile = served === true && environment?.mobileKeyRef !== undefined;
      const ref = isMobile ? environment.mobileKeyRef : environment?.sdkKeyRef;
      const what = `the ${isMobile ? 'mobile' : 'SDK'} key of ${name}`;
      return ref === undefined ? what : `${what} (key "${ref.key}" of Secret "${ref.name}")`;
    });
}
