import { type ClientPod, type ClientPodOptions, startClientPod } from '../../clients/client-pod.ts';
import type { Kubectl, KubeObject } from '../../cluster/kubectl.ts';
import type { Stage } from './stage.ts';

/** The one RelayProxy of a scenario: it serves a data file, so that it needs no upstream. */
export const fleetName = 'fleet';

const keys = { name: 'fleet-keys', key: 'sdk-key' };
const flags = {
  flags: {
    on: {
      key: 'on',
      version: 1,
      on: true,
      variations: [true, false],
      fallthrough: { variation: 0 },
      offVariation: 1,
      salt: 'on',
    },
  },
};

/** Applies the RelayProxy; `spec` beside its environment. */
export async function applyFleet({ kubectl, namespace }: Stage, spec: object): Promise<void> {
  const environments = [
    {
      name: 'production',
      sdkKeyRef: keys,
      data: { configMapKeyRef: { name: 'fleet-flags', key: 'flags.json' } },
    },
  ];
  await kubectl.apply(
    [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: keys.name, namespace },
        stringData: { [keys.key]: 'sdk-00000000-0000-4000-8000-000000fleet' },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'fleet-flags', namespace },
        data: { 'flags.json': JSON.stringify(flags) },
      },
      {
        apiVersion: 'flagrelay.dev/v1alpha1',
        kind: 'RelayProxy',
        metadata: { name: fleetName, namespace },
        spec: { environments, ...spec },
      },
    ],
    { serverSide: true },
  );
}

/** Starts a client of the fleet; see `client-pod.ts` for what it can do. */
export function startFleetClient(
  { kubectl, namespace, relayImage: image }: Stage,
  options: Pick<ClientPodOptions, 'name' | 'program' | 'requestsPerSecond' | 'env' | 'node'>,
): Promise<ClientPod> {
  const relayUrl = `http://${fleetName}:8030`;
  return startClientPod(kubectl, { namespace, image, relayUrl, sdkKeyRef: keys, ...options });
}

/** Starts a client that holds so many streams; see `stream-client.ts`. */
export function startStreams(stage: Stage, name: string, count: number, node?: string): Promise<ClientPod> {
  const env = { STREAMS: String(count) };
  return startFleetClient(stage, { name, program: 'stream-client.ts', env, ...(node === undefined ? {} : { node }) });
}

/** Open streams by pod, as the pods report them; those of pods that are not ready left out. */
export function connectionsByPod(relayProxy: KubeObject): Record<string, number> {
  const instances: { name: string; ready?: boolean; connections?: number }[] = relayProxy.status?.instances ?? [];
  return Object.fromEntries(instances.flatMap((item) => (item.ready ? [[item.name, item.connections ?? 0]] : [])));
}

/** Reasons and notes of the Events about the fleet, oldest first. */
export async function fleetEvents(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const events = (await kubectl.list('events.events.k8s.io', namespace)) as (KubeObject & {
    readonly reason?: string;
    readonly note?: string;
    readonly regarding?: { readonly name?: string };
  })[];
  return events.filter((event) => event.regarding?.name === fleetName).map(({ reason, note }) => `${reason}: ${note}`);
}
