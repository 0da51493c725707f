import type { Condition, EnvironmentStatus, RelayProxyStatus } from '@flagrelay/crds';
import type { OperatorStatus } from './status.ts';
import { someOf } from './verdict.ts';

/** Something that a human may want to know. */
export interface Happening {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, why. */
  readonly reason: string;
  /** CamelCase, what was being done. */
  readonly action: string;
  /** For people; without credentials. */
  readonly note: string;
}

/** What was done to the children: `Deployment demo-relay`. */
export interface ChildChanges {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
  /** Replicas before and after, when the spec or the connections changed them, and why if it was the latter. */
  readonly scaled: { readonly from: number; readonly to: number; readonly why?: string | undefined } | undefined;
  /** True when the Deployment had been paused by somebody, and goes on. */
  readonly resumed?: boolean | undefined;
}

/** What is worth an Event between two statuses. The same pair gives the same Events, so that a restart repeats none. */
export function statusEvents(before: RelayProxyStatus, after: OperatorStatus): Happening[] {
  return [
    ...conditionEvents(before.conditions ?? [], after.conditions ?? []),
    ...sizingEvents(before.sizing, after.sizing),
    ...environmentEvents(before.environments ?? [], after.environments ?? []),
    ...(after.activeInstance !== undefined && after.activeInstance !== before.activeInstance
      ? [normal('Activated', 'Observe', `${after.activeInstance} keeps the store up to date now.`)]
      : []),
    ...rotationEvents(before, after),
  ];
}

/** A spec that has just become too small for its capacity. */
function sizingEvents(before: RelayProxyStatus['sizing'], after: RelayProxyStatus['sizing']): Happening[] {
  const told = after === undefined || after.sufficient || before?.sufficient === false;
  return told ? [] : [warning('Undersized', 'Size', after.message)];
}

/** What is worth an Event of what was done to the children. */
export function childEvents({ created, updated, deleted, scaled, resumed }: ChildChanges): Happening[] {
  const lists = [
    ['Created', created],
    ['Updated', updated],
    ['Deleted', deleted],
  ] as const;
  const events = lists
    .filter(([, names]) => names.length > 0)
    .map(([reason, names]) => normal(reason, 'Reconcile', `${reason} ${names.join(', ')}.`));
  if (resumed) {
    const note =
      'Somebody paused the Deployment; it goes on. `spec.paused` of the RelayProxy is the way to stop changes.';
    events.push(warning('DeploymentPaused', 'Reconcile', note));
  }
  if (scaled) {
    const why = scaled.why === undefined ? '' : `: ${scaled.why}`;
    events.push(normal('Scaled', 'Scale', `Replicas changed from ${scaled.from} to ${scaled.to}${why}.`));
  }
  return events;
}

/** Which change of a condition is reported, by its type; the value is the Event. */
type Rule = (after: Condition, before: Condition | undefined) => Happening | undefined;

const rules: Readonly<Record<string, Rule>> = {
  Reconciled: (after, before) =>
    (after.status === 'False' || after.reason === 'NameCollision') &&
    (before?.status !== after.status || before.reason !== after.reason)
      ? warning(after.reason, 'Reconcile', after.message)
      : undefined,
  ReferencesResolved: (after, before) =>
    after.status === 'False' && (before?.status !== 'False' || before.reason !== after.reason)
      ? warning(after.reason, 'Resolve', after.message)
      : undefined,
  Progressing: (after, before) => {
    if (after.reason === before?.reason) return undefined;
    // The first rollout is reported by the creation of the Deployment.
    const isFirst = before === undefined || before.reason === 'Reconciling';
    if (after.reason === 'RollingOut') {
      return isFirst ? undefined : normal('RolloutStarted', 'Rollout', after.message);
    }
    if (after.reason === 'RolloutComplete') return normal('RolloutComplete', 'Rollout', after.message);
    return after.status === 'False' ? warning(after.reason, 'Rollout', after.message) : undefined;
  },
  StoreHealthy: (after, before) =>
    after.status === 'False' && before?.status !== 'False'
      ? warning('StoreInterrupted', 'Observe', after.message)
      : undefined,
  // Only a loss: while the first pods come up they are in too few zones as a matter of course.
  ZonesSpread: (after, before) =>
    after.status === 'False' && before?.status === 'True'
      ? warning('ZonesUnbalanced', 'Observe', after.message)
      : undefined,
  VersionSkew: (after, before) =>
    after.status === 'True' && (before?.status !== 'True' || before.reason !== after.reason)
      ? warning('VersionSkew', 'Observe', after.message)
      : undefined,
  // Pods that are silent are reported one by one.
  ReportsReceived: (after, before) =>
    after.reason === 'AccountReplaced' && before?.reason !== after.reason
      ? warning(after.reason, 'Observe', after.message)
      : undefined,
  DrainsAllowed: (after, before) =>
    after.status === 'False' && before?.status !== 'False'
      ? warning(after.reason, 'Reconcile', after.message)
      : undefined,
  Paused: (after, before) => {
    if (after.status === 'True')
      return before?.status === 'True' ? undefined : normal('Paused', 'Pause', after.message);
    return before?.status === 'True' ? normal('Resumed', 'Resume', after.message) : undefined;
  },
};

function conditionEvents(before: readonly Condition[], after: readonly Condition[]): Happening[] {
  return after.flatMap((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    return (Object.hasOwn(rules, condition.type) ? rules[condition.type]?.(condition, old) : undefined) ?? [];
  });
}

function environmentEvents(before: readonly EnvironmentStatus[], after: readonly EnvironmentStatus[]): Happening[] {
  const stateBefore = new Map(before.map(({ name, state }) => [name, state]));
  const changed = after.filter(({ name, state }) => stateBefore.get(name) !== state);
  const names = (state: EnvironmentStatus['state']) =>
    changed.filter((environment) => environment.state === state).map(({ name }) => name);
  // That a new one connects is what Ready tells.
  const isNew = (name: string) => [undefined, 'INITIALIZING'].includes(stateBefore.get(name));
  const connected = names('VALID').filter((name) => !isNew(name));
  const refused = names('OFF');
  const interrupted = names('INTERRUPTED');
  const duplicate = after.filter(({ name }) => names('DuplicateCredential').includes(name));
  return [
    ...(connected.length > 0 ? [normal('EnvironmentConnected', 'Observe', `Connected: ${someOf(connected)}.`)] : []),
    ...(refused.length > 0
      ? [warning('InvalidKey', 'Observe', `Upstream refuses the SDK key of ${someOf(refused)}.`)]
      : []),
    ...duplicate
      .slice(0, 5)
      .map(({ name, lastError }) =>
        warning(
          'DuplicateCredential',
          'Observe',
          `Environment ${name} ${lastError?.message ?? 'has the key of another one'}.`,
        ),
      ),
    ...(interrupted.length > 0
      ? [warning('EnvironmentDisconnected', 'Observe', `Interrupted: ${someOf(interrupted)}.`)]
      : []),
  ];
}

function rotationEvents(before: RelayProxyStatus, after: OperatorStatus): Happening[] {
  const { credentialsRotatedTime } = after;
  if (credentialsRotatedTime === undefined || credentialsRotatedTime === before.credentialsRotatedTime) return [];
  const note = `Pods apply changed keys from their mounted Secrets, without a restart; the first did at ${credentialsRotatedTime}.`;
  return [normal('SecretRotated', 'Rotate', note)];
}

function normal(reason: string, action: string, note: string): Happening {
  return { type: 'Normal', reason, action, note };
}

function warning(reason: string, action: string, note: string): Happening {
  return { type: 'Warning', reason, action, note };
}
