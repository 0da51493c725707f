import assert from 'node:assert/strict';
import { test } from 'node:test';
import { switchFlag } from '../demo/flags.ts';
import { waitFor } from '../machine/wait-for.ts';
import { editedData, editedFlag, editedFleet, openEditedFleet } from './support/edited-fleet.ts';
import { observed } from './support/observed.ts';
import { startRedis } from './support/redis.ts';
import { openStage } from './support/stage.ts';

test('a changed prefix of an environment is in force once the rollout is complete, and nothing goes on under the old one', {
  timeout: 600_000,
}, async (t) => {
  const stage = await openStage('store-prefix');
  t.after(stage.close);
  const { cluster, kubectl, namespace } = stage;
  if (cluster.kind === 'given') return t.skip('images cannot be brought to a given cluster');
  const redis = await startRedis(stage);
  const fleet = await openEditedFleet(stage, {
    store: { redis: { url: redis.url } },
    environments: [{ name: 'production', sdkKeyRef: { name: 'keys', key: 'sdk-key' }, prefix: 'p-one' }],
  });
  const stored = async (prefix: string) => {
    const text = (await redis.cli('hget', `${prefix}:features`, editedFlag)).trim();
    return text === '' ? undefined : (JSON.parse(text) as { version: number; on: boolean });
  };
  const before = await waitFor('the flag is stored', () => stored('p-one'), { timeoutMs: 30_000 });

  const edited = performance.now();
  await fleet.edit([{ op: 'replace', path: '/spec/environments/0/prefix', value: 'p-new' }]);
  await fleet.settled();
  await waitFor('the flag is stored under the new prefix', () => stored('p-new'), { timeoutMs: 30_000 });
  const inForceSeconds = (performance.now() - edited) / 1000;
  // Pods of before go on until the end of their grace period.
  const gone = async () => {
    const pods = await kubectl.list('pods', namespace, `app.kubernetes.io/instance=${editedFleet}`);
    return pods.every((pod) => pod.metadata.deletionTimestamp === undefined) || undefined;
  };
  await waitFor('pods of before are gone', gone, { timeoutMs: 60_000 });
  await switchFlag(kubectl, { namespace, ...editedData }, editedFlag, true);
  await fleet.sdk.waitFor('change', 'the change', (r) => r.key === editedFlag && r.value === true, 120_000);
  const switched = async () => ((await stored('p-new'))?.on === true ? true : undefined);
  await waitFor('the change is stored under the new prefix', switched, { timeoutMs: 30_000 });
  assert.deepEqual(await stored('p-one'), before, 'nobody writes to the old one');
  observed('store-prefix-changed', { ...(await fleet.unharmed()), inForceSeconds });
});
