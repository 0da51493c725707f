import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeadershipLostError } from '@flagrelay/kube/elector';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { createController } from './controller.ts';
import type { Reconcile } from './controller-types.ts';
import { createInformer } from './informer.ts';
import { createLeaderElector } from './leader-election.ts';
import { createManager, type ManagerOptions } from './manager.ts';
import { createFakeLeaseClient } from './testing/fake-leases.ts';
import { type ConfigMap, configMap, configMaps, recordingLogger, testMetrics } from './testing/fixtures.ts';
import { createScriptedClient } from './testing/scripted-watch.ts';

function setUp(reconcile: Reconcile, options: Partial<ManagerOptions> & { listFails?: boolean; elect?: boolean } = {}) {
  const clock = createFakeClock();
  const metrics = testMetrics();
  const logger = recordingLogger();
  const { leases, client: leaseClient } = createFakeLeaseClient();
  const list = options.listFails ? new Error('no server') : { items: [configMap('n/a', '1')], resourceVersion: '1' };
  const { client } = createScriptedClient<ConfigMap>([list], [{}]);
  const informer = createInformer<ConfigMap>({
    client,
    type: configMaps,
    streamingList: false,
    clock,
    logger,
    metrics,
  });
  const controller = createController({ name: 'test', reconcile, clock, metrics, logger });
  const lease = { client: leaseClient, namespace: 'system', name: 'operator', identity: 'one' };
  const elector = options.elect ? createLeaderElector({ ...lease, clock, logger, metrics }) : undefined;
  const manager = createManager({ logger, registry: metrics.registry, elector, clock, ...options });
  manager.addController(controller);
  controller.watch(informer);
  return { clock, manager, leases, stop: new AbortController(), elector };
}

describe('manager', () => {
  it('fills caches, takes the lease, works, and stops in the reverse order', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const { manager, leases, stop, clock } = setUp(
      async (key) => {
        order.push(`begin ${key}, lease of ${leases.holder}`);
        await gate.promise;
        order.push(`end, lease of ${leases.holder}`);
        return undefined;
      },
      { elect: true },
    );
    manager.addRunnable({
      name: 'late',
      run: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            order.push(`late stops, lease of '${leases.holder}'`);
            resolve();
          });
        }),
    });
    const running = manager.run(stop.signal);
    await settle();
    assert.deepEqual(order, ['begin n/a, lease of one']);
    stop.abort();
    await clock.advance(20_000);
    assert.equal(leases.holder, 'one');
    gate.resolve();
    await running;
    assert.deepEqual(order.slice(1), ['end, lease of one', "late stops, lease of ''"]);
    assert.equal(clock.pending, 0);
  });

  it('runs in every replica what needs no leadership, and the rest only while leading', async () => {
    const ran: string[] = [];
    const { manager, leases, stop, clock } = setUp(async () => assert.fail('a follower must not reconcile'), {
      elect: true,
    });
    await leases.transport.create({ spec: { holderIdentity: 'other', leaseDurationSeconds: 15 } });
    const runnable = (name: string) => ({
      name,
      run: async () => {
        ran.push(name);
      },
    });
    manager.addRunnable(runnable('everywhere'));
    manager.addRunnable({ ...runnable('leader'), needsLeadership: true });
    const running = manager.run(stop.signal);
    await clock.advance(5_000);
    assert.deepEqual(ran, ['everywhere']);
    stop.abort();
    await running;
  });

  it('is ready when its caches are filled, as a follower too, and not while stopping', async () => {
    const { manager, leases, stop, clock } = setUp(async () => undefined, {
      elect: true,
      probes: { host: '127.0.0.1', port: 0 },
    });
    await leases.transport.create({ spec: { holderIdentity: 'other', leaseDurationSeconds: 15 } });
    const running = manager.run(stop.signal);
    while (!manager.probeAddress) await settle();
    await settle();
    const readyz = await fetch(`http://127.0.0.1:${manager.probeAddress.port}/readyz?verbose`);
    assert.equal(await readyz.text(), '[+]caches ok\n[+]running ok\nok\n');
    stop.abort();
    await clock.advance(0);
    await running;
    assert.equal(manager.probeAddress, undefined);
  });

  it('rejects at once when the lease is lost, without waiting for work', async () => {
    const { manager, leases, stop, clock } = setUp(() => new Promise(() => undefined), { elect: true });
    manager.addRunnable({ name: 'endless', run: () => new Promise(() => undefined) });
    const running = assert.rejects(manager.run(stop.signal), LeadershipLostError);
    await settle();
    leases.fail(new Error('no server'));
    await clock.advance(10_000);
    await running;
  });

  it('rejects when the caches are not filled in time', async () => {
    const { manager, stop, clock } = setUp(async () => undefined, { listFails: true, syncTimeoutMs: 60_000 });
    const running = assert.rejects(manager.run(stop.signal), /caches not filled within 60000 ms: configmaps/);
    await clock.advance(60_000);
    await running;
  });

  it('stops quietly while it waits for its caches', async () => {
    const { manager, stop } = setUp(async () => undefined, { listFails: true });
    const running = manager.run(stop.signal);
    await settle();
    stop.abort();
    await running;
  });

  it('aborts and leaves behind what does not end within the grace', async () => {
    let aborted = false;
    const { manager, stop, clock } = setUp(
      (_key, { signal }) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
      { gracefulStopMs: 1_000 },
    );
    const running = manager.run(stop.signal);
    await settle();
    stop.abort();
    await clock.advance(999);
    assert.equal(aborted, false);
    await clock.advance(1);
    assert.equal(aborted, true);
    await running;
  });

  for (const needsLeadership of [true, false]) {
    it(`rejects with the failure of a runnable ${needsLeadership ? 'of the leader' : 'of every replica'}`, async () => {
      const { manager, stop, clock } = setUp(async () => undefined, { elect: true });
      manager.addRunnable({ name: 'broken', needsLeadership, run: () => Promise.reject(new Error('broken')) });
      const running = assert.rejects(manager.run(stop.signal), /broken/);
      await clock.advance(1_000);
      await running;
    });
  }

  it('does nothing when it was stopped before', async () => {
    const { manager, stop } = setUp(async () => assert.fail('must not work'));
    stop.abort();
    await manager.run(stop.signal);
  });
});
