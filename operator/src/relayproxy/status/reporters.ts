import type { InstanceStatus } from '@flagrelay/crds';
import { fromTime } from '../resources/times.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The pods whose reports say how environments do: all of them or, in mode 'Daemon', the active one. Its report counts while
 * the pod is ready only: one that ends, or was killed, may still call itself active when another has taken over.
 */
export function reportersOf({ relayProxy, pods, instances }: Snapshot): readonly InstanceStatus[] {
  if (relayProxy.spec.mode !== 'Daemon') return instances;
  const ready = new Set(pods.filter((pod) => pod.ready).map((pod) => pod.name));
  return instances.filter(({ active, name }) => active !== false && ready.has(name));
}

/** Nobody is active. */
export interface Awaiting {
  /** When that becomes, or became, a failure: ms since the epoch. */
  readonly failsAt: number;
}

/**
 * In mode 'Daemon' while pods report and none is active: a stand-by takes over within some seconds, so that it counts only
 * after `upstream.disconnectedAfterSeconds`. The time is remembered by the condition, which is Unknown until then.
 */
export function awaitingActive(snapshot: Snapshot): Awaiting | undefined {
  const { relayProxy, instances, previous, now } = snapshot;
  if (relayProxy.spec.mode !== 'Daemon' || instances.length === 0 || reportersOf(snapshot).length > 0) return undefined;
  const before = previous.conditions?.find(({ type }) => type === 'EnvironmentsConnected');
  const damping = relayProxy.spec.upstream.disconnectedAfterSeconds * 1000;
  if (before?.reason === 'NoActiveInstance') return { failsAt: now };
  const since = (before?.reason === 'AwaitingActive' ? fromTime(before.lastTransitionTime) : undefined) ?? now;
  return { failsAt: since + damping };
}
