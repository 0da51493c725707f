import type { RelayProxy } from '@flagrelay/crds';
import { isForbidden } from '@flagrelay/kube/api-error';
import { fullDelay } from '@flagrelay/kube/backoff';
import type { Clock } from '@flagrelay/kube/clock';
import type { Logger } from '../../runtime/logger.ts';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { PodFacts, Waiting } from '../pods/pod-facts.ts';
import { shorten } from '../pods/pod-waiting.ts';
import { type ClusterEvent, types } from '../resources/kubernetes-types.ts';
import { identityOf } from '../resources/names.ts';
import { earliest, fromTime } from '../resources/times.ts';
import { missingObject } from './missing-object.ts';

/** A start that takes no longer is nobody's business, ms. */
const PATIENCE_MS = 3_000;
/** Between two looks at the Events of a pod, ms: doubles from the first to the second. */
const LOOK_MS = 5_000;
const MAX_LOOK_MS = 60_000;
/** Pods of a fleet whose Events are looked at: further ones have the same problem. */
const MAX_PODS = 2;
/** Time that the API server has for one list, ms. */
const DEADLINE_MS = 3_000;

/** What is known of the start of the pods of one RelayProxy. */
export interface Started {
  /** The pods, with why they wait where kubelet says so in an Event only. */
  readonly pods: readonly PodFacts[];
  /** ms; look again then. */
  readonly recheckAfterMs: number | undefined;
}

/** Finds out why pods do not start. */
export interface StartExplainer {
  explain(relayProxy: RelayProxy, pods: readonly PodFacts[], signal: AbortSignal): Promise<Started>;
  forget(relayProxyUid: string): void;
}

/** Dependencies of {@link createStartExplainer}: it lists the Events of pods and remembers when it did. */
export interface StartExplainerOptions {
  readonly client: Pick<RestClient, 'list'>;
  readonly clock: Pick<Clock, 'now' | 'wallNow'>;
  readonly logger: Logger;
}

interface Looked {
  readonly waiting: Waiting | undefined;
  readonly looks: number;
  /** Monotonic ms. */
  readonly nextAt: number;
}

/**
 * Makes a {@link StartExplainer}. A pod that cannot mount a volume shows no more in its status than `ContainerCreating`, for
 * ever; why is in Events alone. They are asked for only while a pod has been starting for longer than a start takes, of two
 * pods of a fleet at most, less and less often. A failure to read them is logged and leaves the pod without a reason.
 */
export function createStartExplainer({ client, clock, logger }: StartExplainerOptions): StartExplainer {
  /** By RelayProxy and pod (UIDs). */
  const fleets = new Map<string, Map<string, Looked>>();
  let warned = false;

  async function eventsOf(pod: PodFacts, namespace: string, signal: AbortSignal): Promise<readonly ClusterEvent[]> {
    try {
      const fieldSelector = `regarding.uid=${pod.uid},type=Warning`;
      const options = { namespace, fieldSelector, deadlineMs: DEADLINE_MS, signal };
      return (await client.list(types.event, options)).items;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!warned || !isForbidden(error)) logger.warn('Events of a pod that does not start cannot be read', { error });
      warned ||= isForbidden(error);
      return [];
    }
  }

  return {
    async explain(relayProxy, pods, signal) {
      const { uid: fleet = '' } = relayProxy.metadata;
      const starting = pods
        .filter((pod) => pod.startingSince !== undefined)
        .sort((a, b) => (a.startingSince ?? 0) - (b.startingSince ?? 0))
        .slice(0, MAX_PODS);
      if (starting.length === 0) {
        fleets.delete(fleet);
        return { pods, recheckAfterMs: undefined };
      }
      const before = fleets.get(fleet);
      const after = new Map<string, Looked>();
      fleets.set(fleet, after);
      let recheckAfterMs: number | undefined;
      for (const pod of starting) {
        const known = before?.get(pod.uid);
        const first = (pod.startingSince ?? 0) + PATIENCE_MS - clock.wallNow();
        const wait = known === undefined ? first : known.nextAt - clock.now();
        if (wait > 0) {
          if (known !== undefined) after.set(pod.uid, known);
          recheckAfterMs = earliest(recheckAfterMs, wait);
          continue;
        }
        const events = await eventsOf(pod, identityOf(relayProxy).namespace, signal);
        const looks = (known?.looks ?? 0) + 1;
        const pause = fullDelay(looks - 1, { baseMs: LOOK_MS, maxMs: MAX_LOOK_MS });
        // kubelet drops an Event now and then: what it said before still holds while the pod does not start.
        const waiting = waitingFrom(events, relayProxy) ?? known?.waiting;
        after.set(pod.uid, { waiting, looks, nextAt: clock.now() + pause });
        recheckAfterMs = earliest(recheckAfterMs, pause);
      }
      const explained = pods.map((pod) => ({ ...pod, waiting: pod.waiting ?? after.get(pod.uid)?.waiting }));
      return { pods: explained, recheckAfterMs };
    },
    forget: (relayProxyUid) => void fleets.delete(relayProxyUid),
  };
}

/** Reasons of Events that say why a pod does not start, the most telling first. */
const REASONS = ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox'];

/** Why a pod waits, by the newest Event that says so; one that names what is missing goes before all others. */
export function waitingFrom(events: readonly ClusterEvent[], relayProxy: RelayProxy): Waiting | undefined {
  const telling = events
    .filter(({ reason = '' }) => REASONS.includes(reason))
    .sort((a, b) => timeOf(b) - timeOf(a) || REASONS.indexOf(a.reason ?? '') - REASONS.indexOf(b.reason ?? ''));
  for (const { reason = '', note = '' } of telling) {
    const missing = missingObject(note, relayProxy);
    if (missing !== undefined) return { reason, words: `${missing.what} is not there`, missing };
  }
  const [newest] = telling;
  return newest && { reason: newest.reason ?? '', words: shorten(newest.note) };
}

function timeOf({ series, deprecatedLastTimestamp, eventTime, metadata }: ClusterEvent): number {
  const times = [series?.lastObservedTime, deprecatedLastTimestamp, eventTime, metadata?.creationTimestamp];
  return Math.max(0, ...times.map((time) => fromTime(time ?? undefined) ?? 0));
}
