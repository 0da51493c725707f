import { type Fault, faultsOf } from '../fault.ts';

const folder = 'operator/src/relayproxy';
const runtime = 'operator/src/runtime';
const fault = faultsOf(folder);
const ofRuntime = faultsOf(runtime);

/** Faults of the operator's reconcile loop. */
export const RECONCILE: readonly Fault[] = [
  fault(
    'an edit of the spec waits for its turn among upgrades',
    'upgrade/plan',
    "status.observedGeneration === relayProxy.metadata.generation && settled ? 'upgrade' : 'edit'",
    "settled ? 'upgrade' : 'edit'",
    'upgrade/plan',
  ),
  fault(
    'a rollout is complete before its pods are available',
    'upgrade/plan',
    'replicas === desired && available === desired',
    'replicas === desired',
    'upgrade/plan',
    'upgrade/gate',
  ),
  fault(
    'a fleet that was unwell before holds up the others forever',
    'upgrade/plan',
    'return !mark.unwell || now - mark.startedAt < UNWELL_HOLDS_MS;',
    'return true;',
    'upgrade/plan',
    'upgrade/gate',
  ),
  fault(
    'all fleets are upgraded at once',
    'upgrade/gate',
    'if (active(key) >= maxConcurrent || delayLeft() > 0) return wait(key);',
    'if (delayLeft() > 0) return wait(key);',
    'upgrade/gate',
  ),
  fault(
    'a fleet that is paused holds up the others',
    'upgrade/gate',
    'return (raw.spec as { paused?: boolean } | undefined)?.paused !== true;',
    'return true;',
    'upgrade/gate',
  ),
  fault(
    'nobody wakes the fleet whose turn has come',
    'upgrade/gate',
    '        waiting.delete(refKey(identityOf(request.relayProxy)));\n        wakeNext();\n',
    '        waiting.delete(refKey(identityOf(request.relayProxy)));\n',
    'upgrade/gate',
  ),
  fault(
    'pods are removed before the window has passed',
    'scaling/decide',
    'Math.max(bounded, Math.min(current, max, highest(window)))',
    'Math.max(bounded, Math.min(current, max))',
    'scaling/decide',
  ),
  fault(
    'pods are added without a limit',
    'scaling/decide',
    'Math.max(min, 2 * step.replicas, step.replicas + STEP_PODS)',
    'Math.max(min, max)',
    'scaling/decide',
  ),
  fault(
    'silent pods count as empty when pods are to be removed',
    'scaling/recommend',
    'connections + leaving + silent * target',
    'connections + leaving',
    'scaling/recommend',
  ),
  fault(
    'a child of another RelayProxy of the same name is ours',
    'children/ownership',
    "if (controller.uid === relayProxy.metadata.uid) return 'ours';",
    "if (controller.name === identityOf(relayProxy).name) return 'ours';",
    'children/ownership',
  ),
  fault(
    'a copy of our labels makes an orphan',
    'children/ownership',
    'return recorded !== undefined || applied === hash;',
    'return true;',
    'children/ownership',
  ),
  fault(
    'a rollout in progress loses the configurations of its pods',
    'children/config-history',
    'isComplete(live) ? 1 : UNFINISHED_LIMIT',
    '1',
    'children/config-history',
  ),
  fault(
    'an item too many in a list is no difference',
    'resources/subset',
    'actual.length !== desired.length',
    'actual.length < desired.length',
    'resources/subset',
  ),
  fault(
    'a field that somebody changes each time is put back without a pause',
    'children/apply',
    "      if (drift !== undefined && contests.waitMs(child) > 0) return result('unchanged', true);\n",
    '',
    'children/apply',
  ),
  fault(
    'a claim of an earlier RelayProxy of the name still counts',
    'claim/claims',
    'own?.uid === uid && (lags',
    'own !== undefined && (lags',
    'claim/claims',
  ),
  fault(
    'a stuck pod is restarted although too few others are ready',
    'heal/find-stuck',
    'if (!isSettled(snapshot) || !isSpare(snapshot, oldest.pod))',
    'if (!isSettled(snapshot))',
    'heal/find-stuck',
  ),
  fault(
    'a pod that was asked once is not asked again',
    'poll/silent-pods',
    '  if (item?.polledTime !== undefined) return 0;\n',
    '',
    'poll/silent-pods',
  ),
  fault(
    'percentages of the budget are rounded down',
    'status/available',
    'Math.ceil((Number.parseInt(value, 10) / 100) * of)',
    'Math.floor((Number.parseInt(value, 10) / 100) * of)',
    'status/available',
  ),
  ofRuntime(
    'a change that comes while its object is worked on is lost',
    'queue',
    "    else if (again.get(key) !== 'normal') again.set(key, priority);\n",
    '',
    'queue',
  ),
  ofRuntime(
    'a reconcile that failed is not tried again',
    'controller',
    "    log.error('Reconcile failed, is retried', { error, retries: queue.retries(key) });\n    queue.addRateLimited(key);\n",
    "    log.error('Reconcile failed, is retried', { error, retries: queue.retries(key) });\n",
    'controller',
  ),
];
