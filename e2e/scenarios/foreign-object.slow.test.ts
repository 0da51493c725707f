import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { eventsAbout } from './support/events.ts';
import { observed } from './support/observed.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const FLAGS = JSON.stringify({ flags: {}, segments: {} });
const ADOPT = 'flagrelay.dev/adopt=true';

/** What was there before: objects of an ld-relay's chart that have the names of children, and a Deployment that has nothing to do with it. */
const theirs = (image: string): object[] => [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop', annotations: { 'example.com/owner': 'somebody' } },
    spec: { selector: { app: 'old' }, ports: [{ name: 'api', port: 8030, targetPort: 8030 }] },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'shop-relay', annotations: { 'example.com/owner': 'somebody' } },
    spec: { maxUnavailable: 2, selector: { matchLabels: { app: 'old' } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop-relay' },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'theirs' } },
      template: { metadata: { labels: { app: 'theirs' } }, spec: { containers: [{ name: 'theirs', image }] } },
    },
  },
];

const ours = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { 'sdk-key': 'sdk-0000' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { 'flags.json': FLAGS } },
  {
    apiVersion: 'flagrelay.dev/v1alpha1',
    kind: 'RelayProxy',
    metadata: { name: 'shop' },
    spec: {
      replicas: 2,
      environments: [
        {
          name: 'production',
          sdkKeyRef: { name: 'keys', key: 'sdk-key' },
          data: { configMapKeyRef: { name: 'flags', key: 'flags.json' } },
        },
      ],
    },
  },
];

/** The way of MIGRATING.md on which the old address stays. */
test('objects of somebody else are never taken; each is told by name, and taken over once it is marked for it', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('foreign-object');
  t.after(stage.close);
  const { kubectl, namespace, relayImage } = stage;
  await kubectl.apply(theirs(relayImage), { namespace });
  const names = [
    ['service', 'shop'],
    ['poddisruptionbudget', 'shop-relay'],
    ['deployment', 'shop-relay'],
  ] as const;
  const contents = async () => {
    const objects = await Promise.all(names.map(([kind, name]) => kubectl.get(kind, name, namespace)));
    return objects.map((object) => [object?.metadata.uid, object?.spec, object?.data, object?.metadata.annotations]);
  };
  const before = await contents();
  await kubectl.apply(ours, { namespace });
  const messageOf = (relay: KubeObject): string =>
    (relay.status?.conditions ?? []).find((c: { type: string }) => c.type === 'Reconciled')?.message ?? '';
  const until = (what: string, accept: (relay: KubeObject) => boolean) =>
    kubectl.waitForObject('relayproxy', 'shop', namespace, what, accept, 90_000);

  const conflict = await until('FieldConflict', (relay) => condition(relay, 'Reconciled') === 'False/FieldConflict');
  for (const name of ['Service "shop"', 'PodDisruptionBudget "shop-relay"', 'Deployment "shop-relay"']) {
    assert.ok(messageOf(conflict).includes(`${name} exists and is not ours`), messageOf(conflict));
  }
  assert.match(messageOf(conflict), /flagrelay\.dev\/adopt=true/);
  assert.equal(condition(conflict, 'Ready'), 'False/FieldConflict');
  const events = await eventsAbout(kubectl, namespace, 'shop');
  assert.ok(events.some(({ type, reason }) => type === 'Warning' && reason === 'FieldConflict'));
  // A change of the spec is another try, which must leave them alone as well.
  await kubectl.run([
    'patch',
    'relayproxy',
    'shop',
    '-n',
    namespace,
    '--type=merge',
    '-p',
    '{"spec":{"logLevel":"debug"}}',
  ]);
  await until('seen again', ({ metadata, status }) => status?.observedGeneration === metadata.generation);
  assert.deepEqual(await contents(), before);

  // One is removed, one is marked: pods come up, and the old Service still leads where it led.
  await kubectl.remove('deployment', 'shop-relay', namespace);
  await kubectl.run(['annotate', 'poddisruptionbudget', 'shop-relay', ADOPT, '-n', namespace]);
  const marked = performance.now();
  const onlyService = await until(
    'only the Service is left',
    (relay) => condition(relay, 'Available') === 'True/MinimumAvailable' && !/Budget|Deployment/.test(messageOf(relay)),
  );
  const podsSeconds = (performance.now() - marked) / 1000;
  assert.match(messageOf(onlyService), /Service "shop" exists and is not ours/);
  assert.deepEqual((await kubectl.get('service', 'shop', namespace))?.spec.selector, { app: 'old' });
  const budget = await kubectl.get('poddisruptionbudget', 'shop-relay', namespace);
  assert.equal(budget?.metadata.annotations?.['example.com/owner'], 'somebody', 'what was in it stays');
  assert.equal(budget?.spec.selector.matchLabels['app.kubernetes.io/instance'], 'shop');

  await kubectl.run(['annotate', 'service', 'shop', ADOPT, '-n', namespace]);
  const handedOver = performance.now();
  await waitReady(stage, 'shop');
  const serviceSeconds = (performance.now() - handedOver) / 1000;
  const service = await kubectl.get('service', 'shop', namespace);
  assert.equal(service?.metadata.uid, before[0]?.[0], 'the same Service, with its address');
  assert.equal(service?.spec.selector['app.kubernetes.io/instance'], 'shop');
  assert.equal(service?.metadata.annotations?.['example.com/owner'], 'somebody');

  // As `helm uninstall` of the old release does.
  const pods = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=shop');
  await kubectl.remove('poddisruptionbudget', 'shop-relay', namespace);
  const again = await kubectl.waitForObject(
    'poddisruptionbudget',
    'shop-relay',
    namespace,
    'is there again',
    () => true,
    30_000,
  );
  assert.equal(again.spec.maxUnavailable, 1);
  await waitReady(stage, 'shop');
  const podsAfter = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=shop');
  observed('foreign-object', { podsSeconds, serviceSeconds });
  assert.deepEqual(podsAfter.map((pod) => pod.metadata.uid).sort(), pods.map((pod) => pod.metadata.uid).sort());
});
