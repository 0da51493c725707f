import type { InstanceStatus } from '@flagrelay/crds';
import type { RestClient } from '../../runtime/rest-types.ts';
import type { PodFacts } from '../pods/pod-facts.ts';
import type { RawRelayProxy } from '../resources/kubernetes-types.ts';
import { earliest } from '../resources/times.ts';
import type { Happening } from '../status/events.ts';
import { describeSilent } from '../status/reports-received.ts';
import type { SilentPod, Snapshot } from '../status/snapshot.ts';
import { isSame, writePolledItems } from './polled-items.ts';
import type { Known, Poller } from './poller.ts';
import { expectedHash, findSilentPods, isOutdated, isOwnReport } from './silent-pods.ts';

/** What is to be known of the pods that do not report. */
export interface Listened {
  readonly instances: readonly InstanceStatus[];
  readonly silent: readonly SilentPod[];
  readonly happenings: readonly Happening[];
  /** ms; look again then. */
  readonly recheckAfterMs: number | undefined;
}

/** Listens to pods: asks those that do not report, and puts what they say where their reports would be. */
export interface Listener {
  /** Throws what the client throws. */
  listen(key: string, raw: RawRelayProxy, snapshot: Snapshot, signal: AbortSignal): Promise<Listened>;
  /** The pod says something else than this report of it: it is to be asked from now on, until it reports again. */
  stopped(key: string, item: InstanceStatus): void;
  forget(key: string): void;
}

/** An object that changed under our hands has settled after this time, ms. */
const SETTLE_MS = 1000;

/** Makes a {@link Listener}. A fleet whose pods all report costs it neither a request nor a write; see `rounds.ts` for how it is known that they still do. */
export function createListener(client: RestClient, poller: Poller): Listener {
  /** By RelayProxy and UID of the pod: since when it reports another configuration than the one in force. */
  const outdated = new Map<string, Map<string, { readonly hash: string; readonly since: number }>>();
  /** By RelayProxy: pods that are known not to report. */
  const told = new Map<string, Set<string>>();

  /** By RelayProxy and UID of the pod: time of a report that was found not to be true any more. */
  const untrue = new Map<string, Map<string, string | undefined>>();

  /** Drops what has been overtaken by another report, or by the pod's end. */
  function noteUntrue(key: string, { instances }: Snapshot): (item: InstanceStatus) => boolean {
    const known = untrue.get(key);
    if (known === undefined) return () => false;
    const holds = (item: InstanceStatus) =>
      isOwnReport(item) && known.has(item.uid ?? '') && known.get(item.uid ?? '') === item.lastReportTime;
    const left = instances.filter(holds).map(({ uid = '', lastReportTime }) => [uid, lastReportTime] as const);
    if (left.length > 0) untrue.set(key, new Map(left));
    else untrue.delete(key);
    return holds;
  }

  function noteOutdated(key: string, { instances, pods, configHash, now }: Snapshot): Map<string, { since: number }> {
    const before = outdated.get(key);
    const found = new Map<string, { hash: string; since: number }>();
    for (const item of instances) {
      const hash = expectedHash(
        pods.find(({ uid }) => uid === item.uid),
        configHash,
      );
      if (item.uid === undefined || !isOutdated(item, hash)) continue;
      const known = before?.get(item.uid);
      found.set(item.uid, known?.hash === hash ? known : { hash, since: now });
    }
    if (found.size > 0) outdated.set(key, found);
    else outdated.delete(key);
    return found;
  }

  /** Tells once of each pod that does not report: when what it answered is written, or when it did not answer. */
  function news(key: string, pods: readonly SilentPod[]): Happening[] {
    const before = told.get(key);
    const added = pods.filter(({ name }) => !before?.has(name));
    if (pods.length === 0) told.delete(key);
    else told.set(key, new Set(pods.map(({ name }) => name)));
    return added.map((pod) => ({
      type: 'Warning',
      reason: 'InstanceSilent',
      action: 'Observe',
      note: `Pod ${describeSilent(pod)} is ready and does not report; the operator asks it instead. See the pod's log for what keeps it from writing its status.`,
    }));
  }

  return {
    async listen(key, raw, snapshot, signal) {
      const { now, pods, instances, configHash, relayProxy } = snapshot;
      const since = noteOutdated(key, snapshot);
      const outdatedSince = (uid: string) => since.get(uid)?.since;
      const hasStopped = noteUntrue(key, snapshot);
      const silence = findSilentPods({ now, pods, instances, configHash, outdatedSince, hasStopped });
      const { port } = relayProxy.spec.metrics;
      const silent: SilentPod[] = silence.pods.filter(({ hostNetwork }) => hostNetwork).map(inHostNetwork);
      const askable = silence.pods.filter(({ hostNetwork }) => !hostNetwork);
      const targets = askable.map(({ name, uid, address = '' }) => ({ name, uid, address, port }));
      const known = poller.look(key, targets);
      const answers: InstanceStatus[] = [];
      for (const { name, uid } of targets) {
        const item = instances.find((other) => other.uid === uid);
        const answer = answerOf(known, uid, item);
        // The pod is well and says no more than it has reported: kubelet is still bringing the new configuration.
        const holds = isOwnReport(item) && (answer === undefined ? !hasStopped(item) : isSame(item, answer));
        if (holds) continue;
        const { problem, failures = 0 } = known.byUid.get(uid) ?? {};
        if (answer !== undefined) answers.push(answer);
        if (answer !== undefined || failures > 0) silent.push({ name, problem, cause: answer?.reportProblem });
      }
      const next = silence.nextAt === undefined ? undefined : silence.nextAt - now;
      const recheckAfterMs = earliest(next, known.nextInMs);
      const written = await writePolledItems(client, { raw, answers, now, signal });
      if (written === undefined) {
        return { instances, silent, happenings: [], recheckAfterMs: earliest(recheckAfterMs, SETTLE_MS) };
      }
      const names = new Set(written.map(({ name }) => name));
      const merged = [...instances.filter(({ name }) => !names.has(name)), ...written];
      return { instances: merged, silent, happenings: news(key, silent), recheckAfterMs };
    },
    stopped(key, { uid = '', lastReportTime }) {
      const known = untrue.get(key) ?? new Map<string, string | undefined>();
      untrue.set(key, known.set(uid, lastReportTime));
    },
    forget(key) {
      untrue.delete(key);
      poller.forget(key);
      outdated.delete(key);
      told.delete(key);
    },
  };
}

/** The operator does not send requests to addresses of nodes for whoever gets a pod into their network. */
function inHostNetwork({ name }: PodFacts): SilentPod {
  return { name, problem: 'is in the network of its node, where the operator asks nobody' };
}

/** What the pod answered last, or, before it is asked for the first time after a restart of the operator, what was written of it. */
function answerOf(known: Known, uid: string, item: InstanceStatus | undefined): InstanceStatus | undefined {
  const answer = known.byUid.get(uid)?.item;
  if (answer !== undefined) return answer;
  return item?.polledTime === undefined ? undefined : item;
}
