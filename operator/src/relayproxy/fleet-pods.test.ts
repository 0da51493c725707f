import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../runtime/objects.ts';
import { ObjectStore } from '../runtime/store.ts';
import { indexes, relayProxyOfPod } from './caches.ts';
import { fleetPods } from './fleet-pods.ts';
import type { Deployment, Pod, ReplicaSet } from './resources/kubernetes-types.ts';
import { podLabels } from './resources/names.ts';
import { testRelayProxy } from './testing/test-relay-proxy.ts';

const relayProxy = testRelayProxy();
const labels = podLabels(relayProxy);

function object<T extends KubernetesObject>(name: string, uid: string, owner?: [kind: string, uid: string]): T {
  const ownerReferences = owner && [{ apiVersion: 'v1', kind: owner[0], name: 'x', uid: owner[1], controller: true }];
  const metadata = { name, namespace: 'team', uid, labels, ...(ownerReferences && { ownerReferences }) };
  return { metadata } as unknown as T;
}

function names(deployment: Deployment, sets: ReplicaSet[], pods: Pod[]): string[] {
  const store = <T extends KubernetesObject>(items: T[], index: string, of: (item: T) => string[]) => {
    const made = new ObjectStore<T>({ [index]: of });
    made.replace(items, undefined, true);
    return { store: made };
  };
  const found = fleetPods(
    {
      pods: store(pods, indexes.relayProxy, relayProxyOfPod),
      replicaSets: store(sets, indexes.uid, ({ metadata }) => [metadata?.uid ?? '']),
      childStores: { deployment: store([deployment], 'none', () => []).store },
    },
    relayProxy,
  );
  return found.map(({ metadata }) => metadata?.name ?? '');
}

const ours = object<Deployment>('demo-relay', 'd', ['RelayProxy', 'uid-demo']);
const set = object<ReplicaSet>('demo-relay-1', 'rs', ['Deployment', 'd']);
const pod = object<Pod>('mine', 'p', ['ReplicaSet', 'rs']);

test('a pod counts whose owners lead to the RelayProxy, and none that has its labels only', () => {
  const others = [
    object<Pod>('bare', 'p1'),
    object<Pod>('of-a-job', 'p2', ['Job', 'rs']),
    object<Pod>('of-nobody', 'p3', ['ReplicaSet', 'unknown']),
    object<Pod>('of-another', 'p4', ['ReplicaSet', 'rs-other']),
  ];
  const other = object<ReplicaSet>('other', 'rs-other', ['Deployment', 'd-other']);
  assert.deepEqual(names(ours, [set, other], [...others, pod]), ['mine']);
});

test('pods of a Deployment that is not ours do not count', () => {
  assert.deepEqual(names(object<Deployment>('demo-relay', 'd'), [set], [pod]), []);
  assert.deepEqual(names(object<Deployment>('demo-relay', 'd', ['RelayProxy', 'other']), [set], [pod]), []);
});
