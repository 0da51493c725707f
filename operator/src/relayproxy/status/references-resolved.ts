import { environmentKeys } from '../resources/volumes.ts';
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
  const hasSecrets = environmentKeys(snapshot.relayProxy).length > 0;
  if (hasSecrets && snapshot.instances.length === 0) {
    return {
      status: 'Unknown',
      reason: 'AwaitingReports',
      message: 'No pod has reported yet whether it has its keys.',
    };
  }
  return { status: 'True', reason: 'Resolved', message: 'Everything that the spec refers to is there.' };
}
