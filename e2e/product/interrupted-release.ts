import type { Kubectl, KubeObject } from '../cluster/kubectl.ts';
import { progress } from '../machine/progress.ts';

/** Longer than a run of Helm may take here, in s: whoever began a release that long ago does not work on it any more. */
const INTERRUPTED_SECONDS = 330;

/**
 * Frees a release of Helm that a killed run has left half-way: Helm takes it for being worked on and refuses every other
 * operation, forever. Its record goes, and the release is as it was before that run.
 */
export async function freeInterruptedRelease(kubectl: Kubectl, release: string, namespace: string): Promise<void> {
  const records = await kubectl.list('secrets', namespace, `owner=helm,name=${release}`);
  for (const { metadata } of records.filter((record) => isInterrupted(record, Date.now()))) {
    progress(`a run of Helm was interrupted: removing its record ${metadata.name}`);
    await kubectl.remove('secret', metadata.name, namespace);
  }
}

/** Whether a record of Helm is of an operation that nobody works on any more. `now` is in ms. */
export function isInterrupted({ metadata: { labels = {} } }: Pick<KubeObject, 'metadata'>, now: number): boolean {
  const begun = Math.max(Number(labels.createdAt ?? 0), Number(labels.modifiedAt ?? 0));
  return labels.status?.startsWith('pending-') === true && now / 1000 - begun > INTERRUPTED_SECONDS;
}
