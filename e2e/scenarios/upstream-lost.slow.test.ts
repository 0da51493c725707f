import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startClientPod } from '../clients/client-pod.ts';
import type { KubeObject } from '../cluster/kubectl.ts';
import { booleanFlag, startStandIn } from '../upstream/start.ts';
import { killPod } from './support/leader.ts';
import { observed } from './support/observed.ts';
import { oneEnvironment } from './support/one-environment.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const KEY = 'sdk-00000000-0000-4000-8000-000000000001';
const DAMPING_SECONDS = 10;

test('upstream is lost: relays serve on what they had, the status says so after the damping, and it heals', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('upstream-lost');
  t.after(stage.close);
  const { kubectl, namespace, relayImage } = stage;
  const standIn = await startStandIn(kubectl, {
    namespace,
    image: relayImage,
    state: { accepted: [KEY], flags: [booleanFlag('checkout', 1, true)] },
  });
  await kubectl.apply(oneEnvironment(standIn, KEY), { namespace });
  await waitReady(stage, 'relay');
  const client = (name: string, requestsPerSecond = 0) =>
    startClientPod(kubectl, {
      name,
      namespace,
      relayUrl: 'http://relay:8030',
      sdkKeyRef: { name: 'keys', key: 'sdk-key' },
      image: relayImage,
      requestsPerSecond,
    });
  const application = await client('application', 10);
  await application.waitFor('ready', 'SDK is initialised', () => true, 60_000);

  const lost = Date.now();
  await standIn.stop();
  const waitFor = (what: string, accept: (relay: KubeObject) => boolean) =>
    kubectl.waitForObject('relayproxy', 'relay', namespace, what, accept, 90_000);
  const stateOf = (relay: KubeObject) => relay.status?.environments?.[0]?.state;
  const interrupted = await waitFor('INTERRUPTED', (relay) => stateOf(relay) === 'INTERRUPTED');
  const interruptedSeconds = (Date.now() - lost) / 1000;
  if (interruptedSeconds < DAMPING_SECONDS - 3) {
    assert.equal(condition(interrupted, 'Ready'), 'True/AllHealthy', 'a short interruption is no outage');
  }
  const notReady = await waitFor('not Ready', (relay) => condition(relay, 'Ready').startsWith('False'));
  const notReadySeconds = (Date.now() - lost) / 1000;
  assert.equal(condition(notReady, 'Ready'), 'False/EnvironmentsDisconnected');
  assert.equal(condition(notReady, 'EnvironmentsConnected'), 'False/SomeDisconnected');
  assert.equal(condition(notReady, 'Available'), 'True/MinimumAvailable', 'pods that have data serve');
  assert.ok(notReadySeconds >= DAMPING_SECONDS - 1, `not Ready after ${notReadySeconds} s, before the damping is over`);

  // Who starts now gets what the relays have.
  const late = await client('late');
  const { flags } = await late.waitFor('ready', 'a late SDK is initialised', () => true, 60_000);
  assert.deepEqual(flags, { checkout: true });

  const during = await application.loop();
  assert.ok(during !== undefined && during.sent > 50, 'the request loop runs through the outage');
  assert.equal(during.failed, 0, JSON.stringify(during.errors));

  const relays = async () =>
    (await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=relay')).filter(
      (pod) => pod.metadata.deletionTimestamp === undefined,
    );
  const isReady = (pod: KubeObject) => pod.status?.containerStatuses?.[0]?.ready === true;
  const [first, second] = await relays();
  assert.ok(first && second);

  // A container that ends starts again with the snapshot of its pod.
  const how = await killPod(kubectl, first.metadata.name, namespace);
  let restartedSeconds: number | undefined;
  if (how === 'SIGKILL') {
    const killed = performance.now();
    await kubectl.waitForObject(
      'pod',
      first.metadata.name,
      namespace,
      'ready again',
      (pod) => pod.status?.containerStatuses?.[0]?.restartCount >= 1 && isReady(pod),
      90_000,
    );
    restartedSeconds = (performance.now() - killed) / 1000;
  }
  // A new pod has none: it takes no connections until there is data again.
  await kubectl.run(['delete', 'pod', second.metadata.name, '-n', namespace, '--wait=false']);
  const known = new Set([first.metadata.name, second.metadata.name]);
  const replaced = await kubectl.waitForObject(
    'deployment',
    'relay-relay',
    namespace,
    'a pod is missing',
    (deployment) => Number(deployment.status?.readyReplicas ?? 0) <= 2,
  );
  assert.ok(replaced);
  await kubectl.waitForObject(
    'relayproxy',
    'relay',
    namespace,
    'the new pod reports',
    (relay) =>
      (relay.status?.instances ?? []).some(
        (instance: { name: string; ready?: boolean }) => !known.has(instance.name) && instance.ready === false,
      ),
    90_000,
  );

  await standIn.start();
  await standIn.order({ flags: [booleanFlag('checkout', 2, false)] });
  const back = performance.now();
  await application.waitFor(
    'change',
    'the change after the outage',
    ({ key, value }) => key === 'checkout' && value === false,
    120_000,
  );
  const changeSeconds = (performance.now() - back) / 1000;
  await waitReady(stage, 'relay', 120_000);
  const healedSeconds = (performance.now() - back) / 1000;
  await kubectl.rolloutStatus('relay-relay', namespace);
  observed('upstream-lost', {
    interruptedSeconds,
    notReadySeconds,
    restartedSeconds,
    changeSeconds,
    healedSeconds,
    requestsInOutage: during.sent,
    failed: during.failed,
  });
});
