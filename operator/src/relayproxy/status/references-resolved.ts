import type { InstanceStatus } from '@flagrelay/crds';
import type { MissingReference, PodFacts } from '../pods/pod-facts.ts';
import { secretFiles } from '../resources/secret-files.ts';
import { fromTime } from '../resources/times.ts';
import { environmentKeys } from '../resources/volumes.ts';
import { missingObject } from '../starting/missing-object.ts';
import { documentFor, isCurrent } from './aggregate.ts';
import type { Snapshot } from './snapshot.ts';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/**
 * ReferencesResolved: what the spec refers to is there. The operator looks at ConfigMaps and claims itself; it may not
 * read Secrets, so that for these it believes the pods, which see the mounted files, and kubelet, which cannot start a pod
 * without. What nobody has looked at yet is not said to be there.
 */
export function referencesResolved({ snapshot, environments }: Evidence): Verdict {
  const notMounted = snapshot.pods.flatMap((pod) => notMountedBy(pod, snapshot) ?? []);
  const [first] = [...snapshot.missing, ...notMounted];
  if (first !== undefined) {
    const what = [...new Set([...snapshot.missing, ...notMounted].map((missing) => missing.what))];
    return { status: 'False', reason: first.reason, message: `Not there: ${someOf(what)}.` };
  }
  const files = secretFiles(snapshot.relayProxy);
  const inputs = witnesses(snapshot).flatMap(({ missingInputs = [] }) => missingInputs);
  const reported = new Set(inputs.flatMap((input) => input.files ?? []));
  const withoutFile = files.filter(({ path }) => reported.has(path)).map(({ what }) => what);
  if (withoutFile.length > 0) {
    return { status: 'False', reason: 'SecretKeyNotFound', message: `Pods miss ${someOf(withoutFile)}.` };
  }
  const without = environments.list
    .filter(({ status }) => status.state === 'CredentialMissing')
    .map(({ status }) => status.name);
  if (without.length > 0) {
    const message = `Pods miss the Secret, or the key in it, of ${someOf(without)}.`;
    return { status: 'False', reason: 'CredentialMissing', message };
  }
  const hasSecrets = environmentKeys(snapshot.relayProxy).length > 0 || files.length > 0;
  if (hasSecrets && witnesses(snapshot).length === 0) {
    const named = files.length > 0 ? `: ${someOf(files.map(({ what }) => what))}` : '';
    const message = `No pod with the newest configuration has reported yet whether it has its keys${named}.`;
    return { status: 'Unknown', reason: 'AwaitingReports', message };
  }
  return (
    keysDiffer(snapshot) ?? {
      status: 'True',
      reason: 'Resolved',
      message: 'Everything that the spec refers to is there.',
    }
  );
}

/** Mounted Secrets are refreshed within this time of each other, ms. */
const ONE_ROTATION_MS = 180_000;

/**
 * Pods hold different keys: for some minutes that is how every rotation goes. If it stays, the Secret is immutable and was
 * made anew, so that pods that run never see the new keys, and those that start see no others.
 */
function keysDiffer(snapshot: Snapshot): Verdict | undefined {
  const ends = keysDifferUntil(snapshot);
  if (ends === undefined) return undefined;
  if (snapshot.now < ends) {
    const message = 'Pods hold different keys, as they do for some minutes while a Secret is changed.';
    return { status: 'True', reason: 'RotationUnderWay', message };
  }
  const message =
    'Pods hold different keys from the same Secrets, for longer than a rotation takes. An immutable Secret that was made anew reaches new pods only: `kubectl rollout restart` the Deployment.';
  return { status: 'False', reason: 'KeysDiffer', message };
}

/** Until when a rotation explains that pods hold different keys, ms since the epoch; undefined while they hold the same. */
export function keysDifferUntil(snapshot: Snapshot): number | undefined {
  const revisions = new Set(witnesses(snapshot).flatMap(({ keyRevision }) => keyRevision ?? []));
  if (revisions.size < 2) return undefined;
  const times = [
    ...snapshot.pods.map(({ createdAt }) => createdAt ?? 0),
    ...snapshot.instances.map(({ credentialsRotatedTime }) => fromTime(credentialsRotatedTime) ?? 0),
  ];
  return Math.max(...times) + ONE_ROTATION_MS;
}

/** What kubelet cannot give a pod. */
function notMountedBy({ waiting }: PodFacts, { relayProxy }: Snapshot): MissingReference | undefined {
  if (waiting?.reason !== 'CreateContainerConfigError') return waiting?.missing;
  return missingObject(waiting.words ?? '', relayProxy);
}

/**
 * Reports that tell of the references of this spec: those of pods that were made for the newest configuration. Of pods of which
 * it is not known which they were made for: while pods are replaced those of the former template have the Secrets of the
 * former spec; otherwise all pods have the same, also while they take up a changed configuration.
 */
function witnesses(snapshot: Snapshot): Snapshot['instances'] {
  const { configMap, deployment, instances } = snapshot;
  const rolling =
    deployment !== undefined &&
    (!deployment.observed || deployment.updated < Math.max(deployment.desired, deployment.replicas));
  return instances.filter((instance: InstanceStatus) => {
    const document = documentFor(snapshot, instance);
    if (document !== undefined && configMap !== undefined) return document.configMap === configMap;
    return !rolling || isCurrent(snapshot, instance);
  });
}
