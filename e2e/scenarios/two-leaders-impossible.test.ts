import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RawRelayProxy, types } from '@flagrelay/operator/kinds';
import { leaseNamespace } from '../control-plane/access.ts';
import { relayProxy } from '../control-plane/fleet.ts';
import { waitFor } from '../machine/wait-for.ts';
import { endOfLog, writesSince } from './support/audit.ts';
import { openLab, otherCluster, waitFleetReady } from './support/lab.ts';
import { observed } from './support/observed.ts';

const namespace = 'default';
const FLEET = 5;

test('an operator that was frozen past its lease writes nothing when it goes on', { timeout: 300_000 }, async (t) => {
  const other = await otherCluster();
  if (other !== undefined) return t.skip(other);
  const lab = await openLab(t, 'two-leaders');
  const { kubectl, auditLog } = lab.plane;
  const frozen = await lab.operator(0);
  const create = (index: number) =>
    lab.client.create(types.relayProxy, { ...relayProxy(index), metadata: { name: `relay-${index}`, namespace } });
  const scale = (index: number, replicas: number) =>
    lab.client.patch(
      types.relayProxy,
      { name: `relay-${index}`, namespace },
      { type: 'merge', body: { spec: { replicas } } },
    );
  const holder = async () => {
    const lease = await kubectl.get('lease', 'flagrelay-operator', leaseNamespace);
    return String(lease?.spec?.holderIdentity ?? '');
  };
  const indices = Array.from({ length: FLEET }, (_, index) => index);
  for (const index of indices) await create(index);
  for (const index of indices) await waitFleetReady(lab, `relay-${index}`, namespace, 3);
  const heir = await lab.operator(1);
  assert.match(await holder(), /^operator-0_/);

  // It is stopped in the middle of work: changes of which it has heard and that it has not carried out.
  await Promise.all(indices.map((index) => scale(index, 4)));
  frozen.signal('SIGSTOP');
  await waitFor('the other one leads', async () => ((await holder()).startsWith('operator-1_') ? true : undefined), {
    timeoutMs: 60_000,
  });
  for (const index of indices) await waitFleetReady(lab, `relay-${index}`, namespace, 4);
  // What would tempt the first one: its caches say that all of this is to be undone, and its watches bring yet more work.
  await Promise.all(indices.map((index) => scale(index, 2)));
  for (const index of indices) await waitFleetReady(lab, `relay-${index}`, namespace, 2);

  const offset = endOfLog(auditLog);
  const thawed = Date.now();
  frozen.signal('SIGCONT');
  await Promise.all(indices.map((index) => scale(index, 5)));
  const exit = await frozen.waitForEnd(60_000);
  for (const index of indices) await waitFleetReady(lab, `relay-${index}`, namespace, 5);
  const written = writesSince(auditLog, offset).filter(({ user }) => user.startsWith('operator-'));
  // A request that the API server had received before says nothing of what is done after; its end may be noted late.
  const byFrozen = written.filter(({ user, receivedAt }) => user === 'operator-0' && receivedAt >= thawed);
  observed('two-leaders-impossible', {
    exit,
    writesOfTheFrozenOne: byFrozen.length,
    writesOfTheOther: written.length - byFrozen.length,
    lost: frozen.log().includes('Leadership lost'),
  });
  assert.deepEqual(byFrozen, []);
  assert.equal(exit, 1);
  assert.ok(written.length > 0, 'the other one writes on');
  assert.match(await holder(), /^operator-1_/);
  await heir.stop();
  const specs = await lab.client.list<RawRelayProxy>(types.relayProxy, { namespace });
  assert.deepEqual(
    specs.items.map(({ status }) => status?.readyReplicas),
    indices.map(() => 5),
  );
});
