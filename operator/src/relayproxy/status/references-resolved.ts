import type { InstanceStatus } from '@flagrelay/crds';
import type { MissingReference, PodFacts } from '../pods/pod-facts.ts';
import { secretFiles } from '../resources/secret-files.ts';
import { fromTime } from '../resources/times.ts';
import { environmentKeys } from '../resources/volumes.ts';
import { missingObject } from '../starting/missing-object.ts';
import { documentFor, isCurrent } from './aggregate.ts';
import { missingKeys, previousKeysNotFound } from './pods-without-keys.ts';
import { reportersOf } from './reporters.ts';
import type { Snapshot } from './snapshot.ts';
import { type Evidence, someOf, type Verdict } from './verdict.ts';

/**
 * ReferencesResolved: what the spec refers to is there. The operator looks at ConfigMaps and claims itself; it may not
 * read Secrets, so that for these it believes the pods, which see the mounted files, and kubelet, which cannot start a pod
 * without. What nobody has looked at yet is not said to be there.
 */
export function referencesResolved({ snapshot }: Pick<Evidence, 'snapshot'>): Verdict {
  const notMounted = snapshot.pods.flatMap((pod) => notMountedBy(pod, snapshot) ?? []);
  const [first] = [...snapshot.missing, ...notMounted];
  if (first !== undefined) {
    const what = [...new Set([...snapshot.missing, ...notMounted].map((missing) => missing.what))];
    return { status: 'False', reason: first.reason, message: `Not there: ${someOf(what)}.` };
  }
  const ofSecrets = secretFiles(snapshot.relayProxy);
  const inputs = witnesses(snapshot).flatMap(({ missingInputs = [] }) => missingInputs);
  const reported = new Set(inputs.flatMap((input) => input.files ?? []));
  const withoutFile = ofSecrets.filter(({ path }) => reported.has(path)).map(({ what }) => what);
  if (withoutFile.length > 0) {
    return { status: 'False', reason: 'SecretKeyNotFound', message: `Pods miss ${someOf(withoutFile)}.` };
  }
  // One pod that says so is enough: what others of another template have read tells nothing of this spec.
  const reporters = new Set(reportersOf(snapshot));
  const without = witnesses(snapshot)
    .filter((instance) => reporters.has(instance))
    .flatMap((instance) => missingKeys(instance, snapshot.relayProxy));
  if (without.length > 0) {
    return { status: 'False', reason: 'CredentialMissing', message: `Pods miss ${someOf([...new Set(without)])}.` };
  }
  const hasSecrets = environmentKeys(snapshot.relayProxy).length > 0 || ofSecrets.length > 0;
  if (hasSecrets && witnesses(snapshot).length === 0) {
    const named = ofSecrets.length > 0 ? `: ${someOf(ofSecrets.map(({ what }) => what))}` : '';
    const message = `No pod with the newest configuration has reported yet whether it has its keys${named}.`;
    return { status: 'Unknown', reason: 'AwaitingReports', message };
  }
  return (
    keysDiffer(snapshot) ??
    previousKeyNotFound(snapshot) ?? {
      status: 'True',
      reason: 'Resolved',
      message: 'Everything that the spec refers to is there.',
    }
  );
}

/**
 * An SDK key before a rotation that was never there for pods of this spec: it has been taken out, as at the end of every rotation, or its
 * reference is a mistake. Nobody can tell, so that SDKs with unknown keys are not told that they are wrong.
 */
function previousKeyNotFound(snapshot: Snapshot): Verdict | undefined {
  const without = previousKeysNotFound(snapshot.relayProxy.spec, witnesses(snapshot)).map(({ what }) => what);
  if (without.length === 0) return undefined;
  const message = `All is there that must be, but not the SDK key before a rotation of ${someOf(without)}. Until it is, or \`sdkKeyPreviousRef\` is taken out, SDKs with unknown keys get 503 and not 401.`;
  return { status: 'True', reason: 'PreviousKeyNotFound', message };
}

/** Mounted Secrets are refreshed within this time of each other, ms. */
const ONE_ROTATION_MS = 180_000;

/**
 * Pods hold different keys: for some minutes that is how every rotation goes. If it stays, the Secret is immutable and was
 * created again, so that pods that run never see the new keys, and those that start see no others.
 */
function keysDiffer(snapshot: Snapshot): Verdict | undefined {
  const ends = keysDifferUntil(snapshot);
  if (ends === undefined) return undefined;
  if (snapshot.now < ends) {
    const message = 'Pods hold different keys, as they do for some minutes while a Secret is changed.';
    return { status: 'True', reason: 'RotationUnderWay', message };
  }
  const message =
    'Pods hold different keys from the same Secrets, for longer than a rotation takes. An immutable Secret that was created again reaches new pods only: `kubectl rollout restart` the Deployment.';
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
 * former spec; otherwise all pods have the same, also while they apply a changed configuration.
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
