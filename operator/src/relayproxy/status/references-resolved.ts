import type { InstanceStatus } from '@flagrelay/crds';
import { environmentKeys } from '../resources/volumes.ts';
import type { Snapshot } from './snapshot.ts';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/**
 * ReferencesResolved: what the spec refers to is there. The operator looks at ConfigMaps and claims itself; it may not
 * read Secrets, so that for these it believes the pods, which see the mounted files.
 */
export function referencesResolved({ snapshot, environments }: Evidence): Verdict {
  const [first] = snapshot.missing;
  if (first !== undefined) {
    const what = someOf(snapshot.missing.map((missing) => missing.what));
    return { status: 'False', reason: first.reason, message: `Not there: ${what}.` };
  }
  const without = environments.list
    .filter(({ status }) => status.state === 'CredentialMissing')
    .map(({ status }) => status.name);
  if (without.length > 0) {
    const message = `Pods miss the Secret, or the key in it, of ${someOf(without)}.`;
    return { status: 'False', reason: 'CredentialMissing', message };
  }
  const { relayProxy } = snapshot;
  const hasSecrets = environmentKeys(relayProxy).length > 0 || relayProxy.spec.autoConfig !== undefined;
  if (hasSecrets && !snapshot.instances.some((instance) => isNewest(snapshot, instance))) {
    const which = snapshot.instances.length === 0 ? 'No pod' : 'No pod with the newest configuration';
    return {
      status: 'Unknown',
      reason: 'AwaitingReports',
      message: `${which} has reported yet whether it has its keys.`,
    };
  }
  if (relayProxy.spec.autoConfig !== undefined && environments.total === 0) {
    const message = 'No pod has its list of environments yet: the AutoConfig key may not be there.';
    return { status: 'Unknown', reason: 'AwaitingReports', message };
  }
  return { status: 'True', reason: 'Resolved', message: 'Everything that the spec refers to is there.' };
}

/** True when the pod has the newest configuration, as far as that is known. */
function isNewest({ pods, configMap }: Snapshot, { uid }: InstanceStatus): boolean {
  const document = pods.find((pod) => pod.uid === uid)?.document;
  return document === undefined || configMap === undefined || document.configMap === configMap;
}
