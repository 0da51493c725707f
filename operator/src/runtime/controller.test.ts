import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, FencedError } from '@flagrelay/kube/api-error';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { createController } from './controller.ts';
import { type Reconcile, TerminalError } from './controller-types.ts';
import type { Change, Informer } from './store-types.ts';
import { type ConfigMap, configMap, configMaps, recordingLogger, testMetrics } from './testing/fixtures.ts';

function setUp(reconcile: Reconcile, options: { concurrency?: number; timeoutMs?: number } = {}) {
  const clock = createFakeClock();
  const metrics = testMetrics();
  const logger = recordingLogger();
  const controller = createController({ name: 'test', reconcile, clock, metrics, logger, ...options });
  const [stop, kill] = [new AbortController(), new AbortController()];
  const start = () => controller.run(stop.signal, kill.signal);
  const count = async (metric: string) => {
    const line = (await metrics.registry.metrics()).split('\n').find((text) => text.startsWith(metric));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  return { clock, controller, logger, stop, kill, start, count };
}

const total = (result: string) => `controller_runtime_reconcile_total{controller="test",result="${result}"}`;

describe('controller', () => {
  it('reconciles what was added before it ran, and counts a success', async () => {
    const keys: string[] = [];
    const { controller, start, stop, count } = setUp(async (key) => {
      keys.push(key);
      return undefined;
    });
    controller.enqueue('n/a');
    controller.enqueue('n/b');
    const running = start();
    await settle();
    assert.deepEqual(keys, ['n/a', 'n/b']);
    assert.equal(await count(total('success')), 2);
    stop.abort();
    await running;
  });

  it('comes back after requeueAfterMs', async () => {
    let calls = 0;
    const { controller, clock, start, stop, count } = setUp(async () => {
      calls += 1;
      return { requeueAfterMs: 1_000 };
    });
    controller.enqueue('a');
    const running = start();
    await clock.advance(2_500);
    assert.equal(calls, 3);
    assert.equal(await count(total('requeue_after')), 3);
    stop.abort();
    await running;
  });

  it('retries failures with backoff and tells how many there were, then begins anew', async () => {
    const attempts: number[] = [];
    const { controller, clock, start, stop, count, logger } = setUp(async (_key, { retries }) => {
      attempts.push(retries);
      if (attempts.length < 4) throw new Error('not yet');
      return undefined;
    });
    controller.enqueue('a');
    const running = start();
    await clock.advance(5 + 10);
    assert.equal(attempts.length, 3);
    await clock.advance(20);
    assert.deepEqual(attempts, [0, 1, 2, 3]);
    assert.equal(await count('controller_runtime_reconcile_errors_total{controller="test"}'), 3);
    assert.equal(logger.lines.filter(({ level }) => level === 'error').length, 3);
    controller.enqueue('a');
    await settle();
    assert.equal(attempts.at(-1), 0);
    stop.abort();
    await running;
  });

  it('does not retry a TerminalError', async () => {
    let calls = 0;
    const { controller, clock, start, stop, count } = setUp(async () => {
      calls += 1;
      throw new TerminalError('invalid');
    });
    controller.enqueue('a');
    const running = start();
    await clock.advance(3_600_000);
    assert.equal(calls, 1);
    assert.equal(await count('controller_runtime_terminal_reconcile_errors_total{controller="test"}'), 1);
    stop.abort();
    await running;
  });

  for (const [what, error] of [
    ['conflicts', new ApiError({ code: 409, reason: 'Conflict', message: 'changed', request: 'PUT /x' })],
    ['lost leases', new FencedError('lost')],
  ] as const) {
    it(`repeats ${what} without an error`, async () => {
      let calls = 0;
      const { controller, clock, start, stop, count, logger } = setUp(async () => {
        calls += 1;
        if (calls === 1) throw error;
        return undefined;
      });
      controller.enqueue('a');
      const running = start();
      await clock.advance(5);
      assert.equal(calls, 2);
      assert.equal(await count(total('requeue')), 1);
      assert.equal(await count(total('error')), 0);
      assert.ok(logger.lines.every(({ level }) => level !== 'error'));
      stop.abort();
      await running;
    });
  }

  it('counts programming errors as panics and goes on', async () => {
    const { controller, start, stop, count } = setUp(async (key) => {
      if (key === 'bad') (undefined as unknown as { boom(): void }).boom();
      return undefined;
    });
    controller.enqueue('bad');
    controller.enqueue('good');
    const running = start();
    await settle();
    assert.equal(await count('controller_runtime_reconcile_panics_total{controller="test"}'), 1);
    assert.equal(await count(total('success')), 1);
    stop.abort();
    await running;
  });

  it('aborts a reconcile that takes too long, and keeps its key until it has ended', async () => {
    const ended = Promise.withResolvers<void>();
    let aborted = false;
    let calls = 0;
    const { controller, clock, start, stop, count } = setUp(
      async (_key, { signal }) => {
        calls += 1;
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        await ended.promise;
        return undefined;
      },
      { timeoutMs: 1_000, concurrency: 2 },
    );
    controller.enqueue('a');
    const running = start();
    await clock.advance(1_000);
    assert.equal(aborted, true);
    controller.enqueue('a');
    await clock.advance(60_000);
    assert.equal(calls, 1);
    assert.equal(await count('controller_runtime_reconcile_timeouts_total{controller="test"}'), 1);
    ended.resolve();
    await settle();
    assert.equal(calls, 2);
    stop.abort();
    await running;
  });

  it('lets running work finish when it stops, takes no more, and aborts it on kill', async () => {
    const started: string[] = [];
    let reason: unknown;
    const { controller, start, stop, kill } = setUp(async (key, { signal }) => {
      started.push(key);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      reason = signal.reason;
      return undefined;
    });
    controller.enqueue('a');
    controller.enqueue('b');
    const running = start();
    await settle();
    stop.abort();
    await settle();
    assert.deepEqual(started, ['a']);
    kill.abort('killed');
    await running;
    assert.equal(reason, 'killed');
    assert.deepEqual(started, ['a']);
  });

  it('works on as many keys at once as it was told', async () => {
    let active = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const { controller, start, stop } = setUp(
      async () => {
        active += 1;
        most = Math.max(most, active);
        await gate.promise;
        active -= 1;
        return undefined;
      },
      { concurrency: 3 },
    );
    for (const key of ['a', 'b', 'c', 'd', 'e']) controller.enqueue(key);
    const running = start();
    await settle();
    assert.equal(most, 3);
    gate.resolve();
    await settle();
    stop.abort();
    await running;
  });

  it('refuses a concurrency of 0', () => {
    assert.throws(() => setUp(async () => undefined, { concurrency: 0 }), /positive integer, not 0/);
  });

  it('turns changes into keys: mapped, of the old owner too, filtered, the initial ones last', async () => {
    const keys: string[] = [];
    const { controller, start, stop } = setUp(async (key) => {
      keys.push(key);
      return undefined;
    });
    let emit: (change: Change<ConfigMap>) => void = () => assert.fail('nobody listens');
    const informer = {
      type: configMaps,
      onChange(handler: (change: Change<ConfigMap>) => void) {
        emit = handler;
        return () => undefined;
      },
    } as unknown as Informer<ConfigMap>;
    controller.watch(informer, {
      map: ({ data }) => (data?.owner ? [data.owner] : []),
      predicate: ({ type }) => type !== 'deleted',
    });
    assert.deepEqual(controller.informers, [informer]);
    emit({ type: 'added', object: configMap('n/x', '1', { owner: 'initial' }), initial: true });
    const [old, object] = [configMap('n/x', '1', { owner: 'before' }), configMap('n/x', '2', { owner: 'after' })];
    emit({ type: 'updated', old, object, initial: false });
    emit({ type: 'deleted', object: configMap('n/x', '3', { owner: 'ignored' }), initial: false });
    const running = start();
    await settle();
    assert.deepEqual(keys, ['after', 'before', 'initial']);
    stop.abort();
    await running;
  });
});
