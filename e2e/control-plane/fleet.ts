import { apiVersion, kind } from '@flagrelay/crds';
import { type RawRelayProxy, types } from '@flagrelay/operator/kinds';
import type { KubernetesObject, ResourceType } from '@flagrelay/operator/runtime';
import { createInformer } from '@flagrelay/operator/runtime';
import type { LabClient } from './lab-client.ts';

/** Environments of each RelayProxy. */
export const ENVIRONMENTS = 2;
/** RelayProxies of one namespace. */
const PER_NAMESPACE = 50;
/** Creates in progress at a time. */
const CONCURRENCY = 8;

const namespaces: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

/** The RelayProxies of a measurement. */
export interface Fleet {
  readonly count: number;
  /** How many are Ready for their current generation, as a watch tells. */
  ready(): number;
  stop(): Promise<void>;
}

/** The RelayProxy with this number: minimal, three replicas. */
export function relayProxy(index: number): RawRelayProxy {
  return {
    apiVersion,
    kind,
    metadata: { name: `relay-${index}`, namespace: namespaceOf(index) },
    spec: {
      environments: Array.from({ length: ENVIRONMENTS }, (_, number) => ({
        name: `environment-${number}`,
        sdkKeyRef: { name: 'keys', key: `environment-${number}` },
      })),
    },
  };
}

/** Namespace of the RelayProxy with this number. */
export function namespaceOf(index: number): string {
  return `fleet-${Math.floor(index / PER_NAMESPACE)}`;
}

/** Creates the RelayProxies and watches their state. Its owner stops it. */
export async function createFleet(lab: LabClient, count: number): Promise<Fleet> {
  const names = [...new Set(Array.from({ length: count }, (_, index) => namespaceOf(index)))];
  await inParallel(names, (name) => lab.client.create(namespaces, { metadata: { name } }));
  const indices = Array.from({ length: count }, (_, index) => index);
  await inParallel(indices, (index) => lab.client.create(types.relayProxy, relayProxy(index)));
  const stop = new AbortController();
  const ready = new Set<string>();
  const informer = createInformer<RawRelayProxy>({ ...lab, type: types.relayProxy });
  informer.onChange(({ type, object }) => {
    const uid = object.metadata?.uid ?? '';
    if (type !== 'deleted' && isReady(object)) ready.add(uid);
    else ready.delete(uid);
  });
  const running = informer.run(stop.signal);
  await informer.waitForSync(AbortSignal.timeout(60_000));
  return {
    count,
    ready: () => ready.size,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** Works through a list, a few items at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

function isReady({ metadata, status }: RawRelayProxy & KubernetesObject): boolean {
  return (
    status?.observedGeneration === metadata?.generation &&
    (status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false)
  );
}
