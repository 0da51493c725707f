import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceStatus } from '@flagrelay/crds';
import type { PodFacts } from '../pods/pod-facts.ts';
import { ago, NOW, pod, report } from '../testing/test-snapshot.ts';
import { findSilentPods, PATIENCE_MS } from './silent-pods.ts';

const before = (seconds: number): number => NOW - seconds * 1000;
const since = (seconds: number, change: Partial<PodFacts> = {}) =>
  pod('a', { readySince: before(seconds), address: '10.0.0.1', ...change });
const own = report('a', { lastReportTime: ago(500) });
const polled = report('a', { polledTime: ago(30) });

const cases: [what: string, silent: boolean, pod: PodFacts, item: InstanceStatus | undefined, outdatedFor?: number][] =
  [
    ['a pod that has reported', false, since(900), own],
    ['a pod without a report for long', true, since(91), undefined],
    ['a pod that became ready just now', false, since(89), undefined],
    ['a pod that is not ready', false, since(900, { ready: false }), undefined],
    ['a pod without an address', false, since(900, { address: undefined }), undefined],
    ['the report of a pod of the same name that is gone', true, since(900), { ...own, uid: 'another' }],
    ['an item that the operator wrote itself', true, since(900), polled],
    ['an item that the operator wrote itself, of a young pod', true, since(10), polled],
    ['an older configuration since just now', false, since(900), { ...own, configHash: 'old' }, 10],
    ['an older configuration for long', true, since(900), { ...own, configHash: 'old' }, 95],
    [
      'a pod of before with the configuration that it was made for',
      false,
      since(900, { document: { configMap: 'c', hash: 'old', source: 'environments', environments: new Set() } }),
      { ...own, configHash: 'old' },
      95,
    ],
    ['a report that names no configuration', false, since(900), { ...own, configHash: undefined }, 95],
  ];

for (const [what, silent, facts, item, outdatedFor] of cases) {
  test(`${what}: ${silent ? 'asked' : 'not asked'}`, () => {
    const found = findSilentPods({
      now: NOW,
      pods: [facts],
      instances: item ? [item] : [],
      configHash: 'hash',
      outdatedSince: () => (outdatedFor === undefined ? undefined : before(outdatedFor)),
    });
    assert.equal(found.pods.length, silent ? 1 : 0);
  });
}

test('a report that is not true any more makes its pod one that is asked', () => {
  const input = { now: NOW, pods: [since(900)], instances: [own], configHash: 'hash', outdatedSince: () => undefined };
  assert.equal(findSilentPods({ ...input, hasStopped: (item) => item === own }).pods.length, 1);
});

test('says when the next pod will have been silent for too long', () => {
  const input = { now: NOW, instances: [], configHash: 'hash', outdatedSince: () => undefined };
  const found = findSilentPods({ ...input, pods: [since(30), since(60, { uid: 'b' })] });
  assert.equal(found.nextAt, before(60) + PATIENCE_MS);
  assert.equal(findSilentPods({ ...input, pods: [since(500)] }).nextAt, undefined);
});
