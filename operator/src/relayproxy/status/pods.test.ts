import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ObjectStore } from '../../runtime/store.ts';
import type { Node, Pod } from '../resources/kubernetes-types.ts';
import { testRelayProxy } from '../testing/test-relay-proxy.ts';
import { podFacts } from './pods.ts';

const { zones } = testRelayProxy().spec;
const zoneLabel = { 'topology.kubernetes.io/zone': 'a' };
const none = () => undefined;

function pod(name: string, status: Pod['status'] = {}, metadata: Pod['metadata'] = {}): Pod {
  return { metadata: { name, uid: name, ...metadata }, spec: { containers: [], nodeName: 'n1' }, status };
}

function nodes(...items: Node[]): ObjectStore<Node> {
  const store = new ObjectStore<Node>();
  store.replace(items, undefined, true);
  return store;
}

const condition = (type: string, status: string, reason?: string) => ({ type, status, ...(reason && { reason }) });
const waitingFor = (reason: string) =>
  ({ containerStatuses: [{ name: 'relay', state: { waiting: { reason } } }] }) as unknown as Pod['status'];

test('a pod is ready by its condition, but not while it is being deleted; finished pods do not count', () => {
  const ready = { conditions: [condition('Ready', 'True')] };
  const pods = [
    pod('c', ready, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    pod('b', { conditions: [condition('Ready', 'False')] }),
    pod('a', ready),
    pod('evicted', { phase: 'Failed' }),
  ];
  assert.deepEqual(
    podFacts(pods, undefined, none, zones).map(({ name, ready, terminating }) => [name, ready, terminating]),
    [
      ['a', true, false],
      ['b', false, false],
      ['c', false, true],
    ],
  );
});

test('the zone is that of the node, or the label of the pod, or what the pod reports', () => {
  const zone = (item: Pod, known: ObjectStore<Node> | undefined, reported?: string) =>
    podFacts([item], known, () => reported, zones)[0]?.zone;
  const node = { metadata: { name: 'n1', labels: { ...zoneLabel } } };
  assert.equal(zone(pod('p'), nodes(node)), 'a');
  assert.equal(zone(pod('p', {}, { labels: zoneLabel }), undefined), 'a');
  assert.equal(zone(pod('p'), undefined, 'b'), 'b');
  assert.equal(zone(pod('p'), nodes(), ''), undefined);
});

test('why a pod waits, unless that is part of every start', () => {
  const waiting = (status: Pod['status']) => podFacts([pod('p', status)], undefined, none, zones)[0]?.waiting?.reason;
  assert.equal(waiting(waitingFor('CrashLoopBackOff')), 'CrashLoopBackOff');
  assert.equal(waiting(waitingFor('ErrImagePull')), 'ImagePullBackOff');
  assert.equal(waiting(waitingFor('ContainerCreating')), undefined);
  assert.equal(waiting({ conditions: [condition('PodScheduled', 'False', 'Unschedulable')] }), 'Unschedulable');
  assert.equal(waiting({}), undefined);
});
