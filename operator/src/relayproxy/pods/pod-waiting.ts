import type { Pod } from '../resources/kubernetes-types.ts';
import type { Waiting } from './pod-facts.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** Reasons to wait that are part of every start. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing']);

/** A pull that failed and one that waits for its next attempt take turns; the status must not. */
const SAME_REASON: ReadonlyMap<string, string> = new Map([['ErrImagePull', 'ImagePullBackOff']]);

/** Reasons that do not go away by waiting: a rollout with such a pod has stopped. */
const FAILING = new Set([
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
]);

/** A container that ended this many times and is not ready is in a crash loop, also in the moments in which it runs. */
const CRASHES = 2;

/** Longest words that are quoted, in characters. */
const MAX_WORDS = 200;

/** What keeps a pod's container from running, or the pod from being placed; undefined for a pod that runs or just starts. */
export function waitingOf({ status }: Pod): Waiting | undefined {
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = status ?? {};
  // While one of these has not ended the relay's own container says no more than that it is being started.
  for (const container of [...initContainerStatuses, ...containerStatuses]) {
    const found = ofContainer(container);
    if (found !== undefined) return found;
  }
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  return { reason: scheduled.reason ?? 'Unschedulable', words: shorten(scheduled.message) };
}

/** True when nothing but a change helps: of the spec, or of what it refers to. */
export function isFailing({ reason, missing }: Pick<Waiting, 'reason' | 'missing'>): boolean {
  return missing !== undefined || FAILING.has(reason);
}

/**
 * True for a pod that has a node and whose containers are being made, which is a matter of seconds unless an image is large
 * or a volume cannot be mounted.
 */
export function isStarting(pod: Pod): boolean {
  const { containerStatuses = [], initContainerStatuses = [], conditions = [] } = pod.status ?? {};
  if (conditions.find(({ type }) => type === 'PodScheduled')?.status !== 'True') return false;
  const states = [...initContainerStatuses, ...containerStatuses].map(({ state }) => state?.waiting?.reason);
  return states.length === 0 || (states.some((reason) => STARTING.has(reason ?? '')) && waitingOf(pod) === undefined);
}

function ofContainer(container: ContainerStatus): Waiting | undefined {
  const { waiting } = container.state ?? {};
  const ended = container.lastState?.terminated ?? container.state?.terminated;
  const crashes = !container.ready && ended !== undefined && (container.restartCount ?? 0) >= CRASHES;
  if (crashes || waiting?.reason === 'CrashLoopBackOff') {
    const code = ended && `exit code ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}`;
    return { reason: 'CrashLoopBackOff', words: shorten([code, lastLine(ended?.message)].filter(Boolean).join(': ')) };
  }
  if (!waiting?.reason || STARTING.has(waiting.reason)) return undefined;
  const reason = SAME_REASON.get(waiting.reason) ?? waiting.reason;
  return { reason, words: shorten(waiting.message?.replace(/^Back-off pulling image "[^"]*": (ErrImagePull: )?/, '')) };
}

/** What the process said last: kubelet hands out the end of its log when it ended with an error. */
function lastLine(text: string | undefined): string | undefined {
  return text?.trimEnd().split('\n').at(-1)?.trim();
}

/** Words of others, cut to what a status has room for. */
export function shorten(text: string | undefined): string | undefined {
  if (!text) return undefined;
  return text.length <= MAX_WORDS ? text : `${text.slice(0, MAX_WORDS - 1).toWellFormed()}…`;
}
