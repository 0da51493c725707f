import type { Condition, ConditionType } from '@flagrelay/crds';
import { toTime } from '../resources/times.ts';
import { autoscaled } from './autoscaled.ts';
import { available } from './available.ts';
import { drainsAllowed } from './drains-allowed.ts';
import { environmentsConnected } from './environments-connected.ts';
import { paused } from './paused.ts';
import { progressing } from './progressing.ts';
import { ready } from './ready.ts';
import { isObservable, reconciled } from './reconciled.ts';
import { referencesResolved } from './references-resolved.ts';
import { reportsReceived } from './reports-received.ts';
import { storeHealthy } from './store-healthy.ts';
import type { Evidence, Verdict } from './verdict.ts';
import { versionSkew } from './version-skew.ts';
import { zonesSpread } from './zones-spread.ts';

/** The API refuses longer messages; nobody reads longer ones either. */
const MAX_MESSAGE = 1024;

/** All conditions, always in the same order. */
export function evaluate(evidence: Evidence): Condition[] {
  const { environments } = evidence;
  const verdicts = {
    Reconciled: reconciled(evidence),
    ReferencesResolved: referencesResolved(evidence),
    Available: available(evidence),
    Progressing: progressing(evidence),
    EnvironmentsConnected: environmentsConnected(evidence),
    ReportsReceived: reportsReceived(evidence),
    StoreHealthy: storeHealthy(evidence),
    ZonesSpread: zonesSpread(evidence),
    DrainsAllowed: drainsAllowed(evidence),
    Autoscaled: autoscaled(evidence),
    Paused: paused(evidence),
    VersionSkew: versionSkew(evidence),
  } satisfies Partial<Record<ConditionType, Verdict | undefined>>;
  const overall = ready({
    reconciled: verdicts.Reconciled,
    observable: isObservable(evidence.snapshot.outcome),
    available: verdicts.Available,
    environmentsConnected: verdicts.EnvironmentsConnected,
    summary: `${environments.connected}/${environments.total}`,
  });
  return Object.entries({ Ready: overall, ...verdicts }).flatMap(([type, verdict]) =>
    verdict === undefined ? [] : [toCondition(type as ConditionType, verdict, evidence.snapshot)],
  );
}

/** A condition whose time is that of its last change of status. */
export function toCondition(
  type: ConditionType,
  verdict: Verdict,
  {
    previous,
    relayProxy,
    now,
  }: Pick<Evidence['snapshot'], 'previous' | 'now'> & {
    readonly relayProxy: { readonly metadata: { readonly generation?: number | undefined } };
  },
): Condition {
  const before = previous.conditions?.find((condition) => condition.type === type);
  const { generation } = relayProxy.metadata;
  return {
    type,
    status: verdict.status,
    ...(generation !== undefined && { observedGeneration: generation }),
    lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : toTime(now),
    reason: verdict.reason,
    message: verdict.message.slice(0, MAX_MESSAGE),
  };
}
