import type { InstanceStatus, RelayProxy } from '@flagrelay/crds';
import { allOthers } from '@flagrelay/crds';
import { files, folders } from '../resources/paths.ts';
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
    const missing = [...missingKeys(item, relayProxy), ...missingPrevious(item, instances, relayProxy)];
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

/** Keys before a rotation that a pod lacks and a ready one accepts: it waits for them. */
function missingPrevious(item: InstanceStatus, instances: readonly InstanceStatus[], { spec }: RelayProxy): string[] {
  const accepted = new Set(instances.flatMap(({ ready, previousKeys = [] }) => (ready === true ? previousKeys : [])));
  return previousKeysNotFound(spec, [item])
    .filter(({ name }) => accepted.has(name))
    .map(({ what }) => `the key before the rotation of ${what}`);
}

/** Environments whose SDK key before a rotation was never there for these pods; `what` names the reference, for people. */
export function previousKeysNotFound(
  { environments = [] }: RelayProxy['spec'],
  instances: readonly InstanceStatus[],
): { readonly name: string; readonly what: string }[] {
  const reported = new Set(
    instances.flatMap(({ missingInputs = [] }) => missingInputs).flatMap(({ files: missing = [] }) => missing),
  );
  return environments.flatMap(({ name, sdkKeyPreviousRef: ref }) => {
    if (ref === undefined || !reported.has(`${folders.secrets}/${name}/${files.sdkKeyPrevious}`)) return [];
    return [{ name, what: `${name} (key "${ref.key}" of Secret "${ref.name}")` }];
  });
}
