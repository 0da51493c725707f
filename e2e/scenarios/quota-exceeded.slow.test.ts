import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../cluster/kubectl.ts';
import { eventsAbout } from './support/events.ts';
import { observed } from './support/observed.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const FLAGS = JSON.stringify({ flags: {}, segments: {} });
const manifests = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { 'sdk-key': 'sdk-0000' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { 'flags.json': FLAGS } },
  {
    apiVersion: 'flagrelay.dev/v1alpha1',
    kind: 'RelayProxy',
    metadata: { name: 'relay' },
    spec: {
      replicas: 3,
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

const quota = (hard: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'team' },
  spec: { hard },
});

test('a quota that is exceeded is told in the words of the API server, for children and for pods, and healing needs nothing but a higher one', {
  timeout: 400_000,
}, async (t) => {
  const stage = await openStage('quota-exceeded');
  t.after(stage.close);
  const { kubectl, namespace } = stage;
  const setQuota = async (hard: Readonly<Record<string, string>>) => {
    await kubectl.apply([quota(hard)], { namespace });
    await kubectl.waitForObject('resourcequota', 'team', namespace, 'is in force', (object) =>
      Object.entries(hard).every(([name, value]) => object.status?.hard?.[name] === value),
    );
  };
  const messageOf = (relay: KubeObject, type: string): string =>
    (relay.status?.conditions ?? []).find((c: { type: string; message: string }) => c.type === type)?.message ?? '';
  const until = (what: string, accept: (relay: KubeObject) => boolean) =>
    kubectl.waitForObject('relayproxy', 'relay', namespace, what, accept, 90_000);

  await setQuota({ services: '0', pods: '1' });
  const started = performance.now();
  await kubectl.apply(manifests, { namespace });
  const refused = await until('Reconciled False', (relay) => condition(relay, 'Reconciled').startsWith('False'));
  assert.equal(condition(refused, 'Reconciled'), 'False/QuotaExceeded');
  assert.match(messageOf(refused, 'Reconciled'), /services "relay" is forbidden: exceeded quota: team/);
  const toldSeconds = (performance.now() - started) / 1000;
  // The other children are there, so that one pod is.
  const short = await until('one pod, and no more', (relay) =>
    messageOf(relay, 'Progressing').includes('exceeded quota'),
  );
  assert.match(condition(short, 'Available'), /^False\//);
  assert.match(
    messageOf(short, 'Progressing'),
    /exceeded quota: team, requested: pods=1, used: pods=1, limited: pods=1/,
  );
  const events = await eventsAbout(kubectl, namespace, 'relay');
  assert.ok(events.some(({ type, reason }) => type === 'Warning' && reason === 'QuotaExceeded'));

  await setQuota({ services: '5', pods: '10' });
  const raised = performance.now();
  await until('Reconciled', (relay) => condition(relay, 'Reconciled') === 'True/Applied');
  const reconciledSeconds = (performance.now() - raised) / 1000;
  const healed = await waitReady(stage, 'relay');
  observed('quota-exceeded', { toldSeconds, reconciledSeconds, healedSeconds: (performance.now() - raised) / 1000 });
  assert.equal(healed.status.readyReplicas >= 2, true);
});
