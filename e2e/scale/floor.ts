import { childTypes } from '@flagrelay/operator/children';
import { type RawRelayProxy, types } from '@flagrelay/operator/kinds';
import { instanceLabel, managedSelector } from '@flagrelay/operator/names';
import type { KubernetesObject, ResourceType } from '@flagrelay/operator/runtime';
import { openControlPlane } from '../control-plane/control-plane.ts';
import { createFleet, ENVIRONMENTS, inParallel, relayProxy } from '../control-plane/fleet.ts';
import { type LabClient, openLabClient } from '../control-plane/lab-client.ts';
import { startRelaySimulator } from '../control-plane/relay-simulator.ts';
import { waitFor } from '../machine/wait-for.ts';

/** What an operator wrote, to be written again without one: the children of one RelayProxy and its part of the status. */
export interface Recording {
  readonly children: readonly { readonly type: ResourceType; readonly object: KubernetesObject }[];
  readonly status: object;
}

/** For each wait: on a machine that does other work too, a control plane of 3,000 pods takes long. */
const TIMEOUT_MS = 3_600_000;

/** Reads what an operator has made for the first RelayProxy of a fleet. */
export async function record({ client }: LabClient): Promise<Recording> {
  const { name = '', namespace } = relayProxy(0).metadata ?? {};
  const children = [];
  for (const type of childTypes) {
    if (!(await client.serves(type))) continue;
    const labelSelector = `${managedSelector},${instanceLabel}=${name}`;
    const { items } = await client.list(type, { namespace, labelSelector });
    for (const item of items) children.push({ type, object: asApplied(item) });
  }
  const { instances: _reports, ...status } = (await client.get(types.relayProxy, { name, namespace })).status ?? {};
  return { children, status };
}

/**
 * The time, in seconds, that the API server, the controllers and the reports of relays take by themselves: a plain client writes
 * what an operator would, once for each RelayProxy, with as many requests in progress, and looks at nothing.
 */
export async function measureFloor(recording: Recording, count: number): Promise<number> {
  const plane = await openControlPlane('floor');
  const stops: (() => Promise<void>)[] = [plane.close];
  try {
    const lab = openLabClient(plane.kubeconfig);
    stops.unshift(lab.close);
    const simulator = startRelaySimulator(lab, ENVIRONMENTS);
    stops.unshift(simulator.stop);
    const fleet = await createFleet(lab, count);
    stops.unshift(fleet.stop);
    const start = performance.now();
    await inParallel(
      Array.from({ length: count }, (_, index) => index),
      (index) => play(lab, recording, index),
    );
    await waitFor('three reports of each', () => (simulator.reports >= count * 3 ? true : undefined), {
      timeoutMs: TIMEOUT_MS,
      intervalMs: 100,
    });
    return (performance.now() - start) / 1000;
  } finally {
    for (const stop of stops) await stop();
  }
}

async function play({ client }: LabClient, { children, status }: Recording, index: number): Promise<void> {
  const first = relayProxy(0).metadata?.name ?? '';
  const { name = '', namespace = '' } = relayProxy(index).metadata ?? {};
  const owner = await client.get(types.relayProxy, { name, namespace });
  const text = (value: object) =>
    JSON.stringify(value).replaceAll(`${first}-`, `${name}-`).replaceAll(`"${first}"`, `"${name}"`);
  const apply = async ({ type, object }: Recording['children'][number]) => {
    const copy = JSON.parse(text(object)) as KubernetesObject;
    const references = copy.metadata?.ownerReferences?.map((one) => ({ ...one, uid: owner.metadata?.uid ?? '' }));
    const metadata = { ...copy.metadata, namespace, ...(references && { ownerReferences: references }) };
    await client.apply(type, { ...copy, metadata }, { force: true });
  };
  const isLate = ({ type }: Recording['children'][number]) => type === types.deployment || type === types.roleBinding;
  await Promise.all(children.filter((child) => !isLate(child)).map(apply));
  await Promise.all(children.filter(isLate).map(apply));
  const copy = { metadata: { name, namespace }, status: JSON.parse(text(status)) } as RawRelayProxy;
  await client.apply(types.relayProxy, copy, { subresource: 'status', force: true });
}

/** An object as it may be applied again: without what the server sets. */
function asApplied(object: KubernetesObject & { spec?: Record<string, unknown> }): KubernetesObject {
  const { name, labels, annotations, ownerReferences } = object.metadata ?? {};
  const { status: _status, ...rest } = object as KubernetesObject & { status?: unknown };
  const { clusterIP: _ip, clusterIPs: _ips, ...spec } = object.spec ?? {};
  return {
    ...rest,
    metadata: {
      ...(name && { name }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
    },
    ...(object.spec && { spec }),
  } as KubernetesObject;
}
