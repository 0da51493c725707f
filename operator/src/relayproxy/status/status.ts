import { type EnvironmentStatus, kind, type Problem, type RelayProxy, type RelayProxyStatus } from '@flagrelay/crds';
import { selectorLabels } from '../resources/names.ts';
import { serviceUrl } from '../resources/service.ts';
import { earliest } from '../resources/times.ts';
import { sizingStatus } from '../sizing/explain.ts';
import { aggregate } from './aggregate.ts';
import { evaluate, toCondition } from './conditions.ts';
import { keysDifferUntil } from './references-resolved.ts';
import { reportersOf } from './reporters.ts';
import { formerTokensUntil } from './reports-received.ts';
import { rotatedTime } from './rotation.ts';
import type { Snapshot } from './snapshot.ts';
import { zonesOf } from './zones.ts';

/** The operator's part of the status: all but the pods' own items and the claim, which is written by itself. */
export type OperatorStatus = Omit<RelayProxyStatus, 'instances' | 'operator'>;

/** The status, and when to look again even if nothing changes. */
export interface ComputedStatus {
  readonly status: OperatorStatus;
  /** ms from now; undefined when nothing changes by time alone. */
  readonly recheckAfterMs: number | undefined;
}

/** Computes the status from what is known at one moment; the same snapshot gives the same status. */
export function computeStatus(snapshot: Snapshot): ComputedStatus {
  const { relayProxy, deployment, pods, instances, now } = snapshot;
  const environments = aggregate(snapshot);
  const { generation } = relayProxy.metadata;
  const failsAt = environments.awaiting?.failsAt;
  const changesAt = environments.list
    .map((item) => item.changesAt)
    .reduce(earliest, failsAt !== undefined && failsAt > now ? failsAt : undefined);
  const rotatedUntil = keysDifferUntil(snapshot);
  const ends = [rotatedUntil, formerTokensUntil(snapshot)].filter((at) => at !== undefined && at > now);
  const version = oldestVersion(instances.flatMap((instance) => instance.version ?? []));
  const sizing = sizingStatus(relayProxy);
  const rotated = rotatedTime(snapshot.previous.credentialsRotatedTime, instances);
  const hasSummary = environments.total > 0;
  const url = serviceUrl(relayProxy);
  const active = relayProxy.spec.mode === 'Daemon' ? reportersOf(snapshot).find((item) => item.active) : undefined;
  return {
    status: {
      ...(generation !== undefined && { observedGeneration: generation }),
      replicas: deployment?.replicas ?? 0,
      readyReplicas: deployment?.ready ?? 0,
      updatedReplicas: deployment?.updated ?? 0,
      selector: selectorText(relayProxy),
      image: snapshot.image,
      ...(version !== undefined && { version }),
      ...(url !== undefined && { url }),
      ...(active !== undefined && { activeInstance: active.name }),
      ...(rotated !== undefined && { credentialsRotatedTime: rotated }),
      ...(hasSummary && { environmentsSummary: `${environments.connected}/${environments.total}` }),
      ...(sizing !== undefined && { sizing }),
      zones: zonesOf(pods),
      environments: concise(environments.list.map((item) => item.status)),
      conditions: evaluate({ snapshot, environments }),
    },
    recheckAfterMs: recheckIn(ends.reduce(earliest, changesAt), now),
  };
}

function recheckIn(at: number | undefined, now: number): number | undefined {
  return at === undefined ? undefined : Math.max(1000, at - now);
}

/** Status of an object that this operator cannot make sense of, beside what was known before. */
export function invalidStatus(
  generation: number | undefined,
  previous: RelayProxyStatus,
  problems: readonly Problem[],
  now: number,
): OperatorStatus {
  const text = problems.map(({ path, message }) => `${path || kind}: ${message}`).join('; ');
  const verdict = { status: 'False', reason: 'InvalidConfiguration', message: text } as const;
  const context = { previous, now, relayProxy: { metadata: { generation } } };
  const { instances: _pods, operator: _claim, ...own } = previous;
  const others = (previous.conditions ?? []).filter(({ type }) => type !== 'Ready' && type !== 'Reconciled');
  return {
    ...own,
    ...(generation !== undefined && { observedGeneration: generation }),
    conditions: [toCondition('Ready', verdict, context), toCondition('Reconciled', verdict, context), ...others],
  };
}

/** With more environments in trouble than this, what is wrong with them is told by its kind alone. */
const MAX_EXPLAINED = 10;

/** The environments without what would make the object too large: a hundred of them fail for the same reason, if they do. */
function concise(environments: readonly EnvironmentStatus[]): EnvironmentStatus[] {
  if (environments.filter(({ lastError }) => lastError?.message !== undefined).length <= MAX_EXPLAINED) {
    return [...environments];
  }
  return environments.map(({ lastError, ...rest }) => {
    if (lastError === undefined) return rest;
    return { ...rest, lastError: { ...(lastError.kind !== undefined && { kind: lastError.kind }) } };
  });
}

/** While versions are mixed, the one that is on its way out is the one that holds features back. */
function oldestVersion(versions: readonly string[]): string | undefined {
  return [...versions].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0];
}

function selectorText(relayProxy: RelayProxy): string {
  return Object.entries(selectorLabels(relayProxy))
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}
