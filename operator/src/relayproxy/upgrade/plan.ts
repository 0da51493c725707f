import type { RelayProxy, RelayProxyStatus } from '@flagrelay/crds';
import type { Deployment } from '../resources/kubernetes-types.ts';
import { templateHashAnnotation, upgradeAnnotation } from '../resources/names.ts';
import { isSubset } from '../resources/subset.ts';
import { fromTime, toTime } from '../resources/times.ts';
import { deploymentFacts } from '../status/deployment-facts.ts';
import { isContested } from '../status/reconciled.ts';

/** What applying a Deployment means for its pods. */
export type TemplateChange =
  /** Pods stay, or there are none yet. */
  | 'none'
  /** The owner of the RelayProxy asked for something: never held back. */
  | 'edit'
  /** This release of the operator makes another pod template, or another image, of the same spec. */
  | 'upgrade';

/** Says why the pods would be replaced, from what the cluster knows: hash of the template that was applied last, and generations. */
export function templateChange(
  relayProxy: RelayProxy,
  status: RelayProxyStatus,
  live: Deployment | undefined,
  desired: Deployment,
): TemplateChange {
  if (live === undefined) return 'none';
  const applied = live.metadata?.annotations?.[templateHashAnnotation];
  const same =
    applied === undefined
      ? isSubset(desired.spec?.template, live.spec?.template)
      : applied === desired.metadata?.annotations?.[templateHashAnnotation];
  if (same) return 'none';
  // What was refused at first is tried again at the same generation.
  const settled = status.conditions?.some(
    ({ type, status: value, reason }) => type === 'Reconciled' && (value === 'True' || isContested(reason)),
  );
  return status.observedGeneration === relayProxy.metadata.generation && settled ? 'upgrade' : 'edit';
}

/** An upgrade as it is noted on the Deployment. */
export interface UpgradeMark {
  /** ms since the epoch */
  readonly startedAt: number;
  /** The fleet was not well before: that it is not well afterwards proves nothing about the release. */
  readonly unwell: boolean;
}

const UNWELL = 'unwell';

/** The mark as an annotation's value. */
export function formatMark({ startedAt, unwell }: UpgradeMark): string {
  return unwell ? `${toTime(startedAt)} ${UNWELL}` : toTime(startedAt);
}

/** The mark of a Deployment whose newest pod template came by an upgrade; undefined for any other. */
export function markOf({ metadata }: Deployment): UpgradeMark | undefined {
  const [time, note] = metadata?.annotations?.[upgradeAnnotation]?.split(' ') ?? [];
  const startedAt = fromTime(time);
  return startedAt === undefined ? undefined : { startedAt, unwell: note === UNWELL };
}

/** True when all pods run the newest template and are available. */
export function isComplete(deployment: Deployment): boolean {
  const { observed, desired, updated, replicas, available } = deploymentFacts(deployment);
  return observed && updated === desired && replicas === desired && available === desired;
}

/** A fleet that was unwell before its turn holds up the others for this long, ms: as long as a Deployment gives a rollout. */
export const UNWELL_HOLDS_MS = 600_000;

/** True while the upgrade of this fleet keeps the next one from beginning. */
export function isUnderWay(deployment: Deployment, now: number): boolean {
  const mark = markOf(deployment);
  if (mark === undefined || isComplete(deployment)) return false;
  return !mark.unwell || now - mark.startedAt < UNWELL_HOLDS_MS;
}
