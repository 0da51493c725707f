import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import fc from 'fast-check';
import { createWorkQueue } from './queue.ts';
import { testMetrics } from './testing/fixtures.ts';

const noDelay = { delayFor: () => 0, forget: () => undefined, retries: () => 0 };

function setUp() {
  const clock = createFakeClock();
  const metrics = testMetrics();
  return { clock, metrics, queue: createWorkQueue({ name: 'test', metrics, clock }) };
}

describe('work queue', () => {
  it('hands out keys in the order of their adds, each once', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b', 'a', 'c']) queue.add(key);
    assert.equal(queue.length, 3);
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], ['a', 'b', 'c']);
  });

  it('keeps a key back while it is worked on and hands it out again after done', async () => {
    const { queue } = setUp();
    queue.add('a');
    assert.equal(await queue.get(), 'a');
    queue.add('a');
    queue.add('a');
    assert.equal(queue.length, 0);
    queue.done('a');
    assert.equal(await queue.get(), 'a');
    queue.done('a');
    assert.equal(queue.length, 0);
  });

  it('serves low priority last, and lifts a key that is added again', async () => {
    const { queue } = setUp();
    queue.add('first', 'low');
    queue.add('second', 'low');
    queue.add('edit');
    queue.add('second');
    assert.equal(queue.length, 3);
    assert.deepEqual([await queue.get(), await queue.get(), await queue.get()], ['edit', 'second', 'first']);
  });

  it('adds after a delay, the earliest of several', async () => {
    const { queue, clock } = setUp();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    await clock.advance(49);
    assert.equal(queue.length, 0);
    await clock.advance(1);
    assert.equal(queue.length, 1);
    assert.equal(await queue.get(), 'a');
    queue.done('a');
    await clock.advance(1000);
    assert.equal(queue.length, 0);
  });

  it('wakes one waiting worker for one key', async () => {
    const { queue } = setUp();
    const got: (string | undefined)[] = [];
    void queue.get().then((key) => got.push(key));
    void queue.get().then((key) => got.push(key));
    queue.add('a');
    await settle();
    assert.deepEqual(got, ['a']);
  });

  it('answers undefined to a waiter whose signal aborts, without losing a key', async () => {
    const { queue } = setUp();
    const abort = new AbortController();
    const waiting = queue.get(abort.signal);
    abort.abort();
    assert.equal(await waiting, undefined);
    queue.add('a');
    assert.equal(await queue.get(), 'a');
  });

  it('drops everything and wakes everybody on shutDown', async () => {
    const { queue, clock } = setUp();
    const waiting = queue.get();
    queue.addAfter('later', 10);
    queue.shutDown();
    assert.equal(await waiting, undefined);
    assert.equal(clock.pending, 0);
    queue.add('a');
    assert.equal(queue.length, 0);
    assert.equal(await queue.get(), undefined);
  });

  it('refuses done for a key that nobody works on', () => {
    const { queue } = setUp();
    assert.throws(() => queue.done('a'), RangeError);
  });

  it('counts under client-go’s names', async () => {
    const { queue, metrics, clock } = setUp();
    queue.add('a');
    queue.add('a');
    await queue.get();
    clock.freeze(3000);
    const text = await metrics.registry.metrics();
    assert.match(text, /workqueue_adds_total\{name="test",controller="test"\} 2/);
    assert.match(text, /workqueue_depth\{name="test",controller="test"\} 0/);
    assert.match(text, /workqueue_longest_running_processor_seconds\{name="test",controller="test"\} 3/);
    assert.match(text, /workqueue_unfinished_work_seconds\{name="test",controller="test"\} 3/);
  });
});

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    key: keys,
    priority: fc.constantFrom('normal' as const, 'low' as const),
  }),
  fc.record({ do: fc.constant('addAfter' as const), key: keys, ms: fc.integer({ min: -5, max: 30 }) }),
  fc.record({ do: fc.constant('addRateLimited' as const), key: keys }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20 }) }),
);

describe('work queue, any sequence of adds', () => {
  it('never has one key in two workers, and works on each key after its last add', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        async (steps, durations, workers) => {
          const clock = createFakeClock();
          const queue = createWorkQueue({ name: 'test', metrics: testMetrics(), clock, rateLimiter: noDelay });
          const active = new Set<string>();
          let order = 0;
          const lastAdd = new Map<string, number>();
          const lastStart = new Map<string, number>();

          const worker = async (index: number) => {
            for (let turn = index; ; turn += 1) {
              const key = await queue.get();
              if (key === undefined) return;
              assert.ok(!active.has(key), `${key} is in two workers`);
              active.add(key);
              lastStart.set(key, ++order);
              await new Promise<void>((resolve) => clock.after(durations[turn % durations.length]!, resolve));
              active.delete(key);
              queue.done(key);
            }
          };
          const running = Promise.all(Array.from({ length: workers }, (_, index) => worker(index)));
          for (const item of steps) {
            if (item.do === 'pass') {
              await clock.advance(item.ms);
              continue;
            }
            lastAdd.set(item.key, ++order);
            if (item.do === 'add') queue.add(item.key, item.priority);
            else if (item.do === 'addAfter') queue.addAfter(item.key, item.ms);
            else queue.addRateLimited(item.key);
          }
          await clock.advance(10_000);
          assert.equal(queue.length, 0);
          for (const [key, added] of lastAdd) assert.ok((lastStart.get(key) ?? 0) > added, `an add of ${key} was lost`);
          queue.shutDown();
          await running;
        },
      ),
      { numRuns: 300 },
    );
  });
});
