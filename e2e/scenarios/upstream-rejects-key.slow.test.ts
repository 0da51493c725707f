import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../machine/wait-for.ts';
import { booleanFlag, startStandIn } from '../upstream/start.ts';
import { eventsAbout } from './support/events.ts';
import { observed } from './support/observed.ts';
import { oneEnvironment } from './support/one-environment.ts';
import { condition, openStage, waitReady } from './support/stage.ts';

const WRONG = 'sdk-00000000-0000-4000-8000-00000000bad1';
const RIGHT = 'sdk-00000000-0000-4000-8000-00000000900d';

test('a key that upstream refuses is told by environment, condition and Event, and a new key heals it without a restart', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('upstream-rejects-key');
  t.after(stage.close);
  const { kubectl, namespace, relayImage } = stage;
  const standIn = await startStandIn(kubectl, {
    namespace,
    image: relayImage,
    state: { accepted: [RIGHT], flags: [booleanFlag('checkout', 1, true)] },
  });
  const started = performance.now();
  await kubectl.apply(oneEnvironment(standIn, WRONG), { namespace });
  const refused = await kubectl.waitForObject(
    'relayproxy',
    'relay',
    namespace,
    'EnvironmentsConnected False InvalidKey',
    (relay) => condition(relay, 'EnvironmentsConnected') === 'False/InvalidKey',
  );
  const toldSeconds = (performance.now() - started) / 1000;
  assert.equal(refused.status.environments[0].state, 'OFF');
  assert.match(condition(refused, 'Ready'), /^False\//);
  const event = await waitFor(
    'the Event',
    async () => (await eventsAbout(kubectl, namespace, 'relay')).find(({ reason }) => reason === 'InvalidKey'),
    { timeoutMs: 30_000 },
  );
  assert.equal(event.type, 'Warning');
  assert.match(event.note, /production/);
  const said = JSON.stringify([refused.status, await eventsAbout(kubectl, namespace, 'relay')]);
  assert.doesNotMatch(said, /bad1/, 'no part of the key is shown');
  const podsBefore = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=relay');

  const secret = { stringData: { 'sdk-key': RIGHT } };
  await kubectl.run(['patch', 'secret', 'keys', '-n', namespace, '--type=merge', '-p', JSON.stringify(secret)]);
  const corrected = performance.now();
  await waitReady(stage, 'relay');
  // Ready as soon as one pod is connected; every pod tries again by itself.
  await kubectl.waitForObject(
    'relayproxy',
    'relay',
    namespace,
    'every pod is connected again',
    (o) => o.status?.environments?.[0]?.state === 'VALID',
    600_000,
  );
  observed('upstream-rejects-key', { toldSeconds, healedSeconds: (performance.now() - corrected) / 1000 });
  const podsAfter = await kubectl.list('pods', namespace, 'app.kubernetes.io/instance=relay');
  assert.deepEqual(
    podsAfter.map((pod) => [pod.metadata.uid, pod.status.containerStatuses[0].restartCount]).sort(),
    podsBefore.map((pod) => [pod.metadata.uid, 0]).sort(),
    'the same pods, and none has started again',
  );
});
