import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectionScaling, decide, type ScalingDecision, type ScalingMemory } from './decide.ts';
import type { PodLoad } from './recommend.ts';

const scaling: ConnectionScaling = { by: 'connections', min: 3, max: 20, target: 100, windowSeconds: 300 };
const pods = (count: number, connections: number | undefined): PodLoad[] =>
  Array.from({ length: count }, () => ({ ready: true, terminating: false, connections }));

/** Decides again and again; each step is `[seconds since the last, streams on each pod]`, and pods follow at once. */
function play(steps: [seconds: number, connections: number | undefined][], { current = 3, change = {} } = {}) {
  let memory: ScalingMemory | undefined;
  let replicas = current;
  let now = 1_000_000;
  return steps.map(([seconds, connections]) => {
    now += seconds * 1000;
    const result = decide(memory, {
      scaling: { ...scaling, ...change },
      current: replicas,
      loads: pods(replicas, connections),
      now,
    });
    memory = result.memory;
    replicas = result.decision.replicas;
    return result.decision;
  });
}
const told = (decisions: ScalingDecision[]) => decisions.map(({ replicas, reason }) => `${replicas} ${reason}`);

test('pods are added at once, in steps', () => {
  assert.deepEqual(
    told(
      play([
        [0, 100],
        [1, 200],
      ]),
    ),
    ['3 AsWanted', '6 ScalingUp'],
  );
  const [first, second, third] = play([
    [0, 2000],
    [5, 900],
    [10, 900],
  ]);
  assert.deepEqual([first?.replicas, first?.recheckAfterMs], [7, 15_000]);
  assert.deepEqual([second?.replicas, second?.recheckAfterMs], [7, 10_000], 'not before the period is over');
  assert.deepEqual([third?.replicas, third?.reason], [14, 'AtMaximum']);
});

test('pods are removed when the load has been low for the window', () => {
  const decisions = play([
    [0, 200],
    [60, 50],
    [200, 40],
    [99, 40],
    [1, 40],
    [600, 40],
  ]);
  assert.deepEqual(told(decisions), [
    '6 ScalingUp',
    '6 Stabilizing',
    '6 Stabilizing',
    '6 Stabilizing',
    '3 ScalingDown',
    '3 AtMinimum',
  ]);
  assert.equal(decisions[1]?.recheckAfterMs, 300_000, 'the high load lasted until a moment ago');
  assert.equal(decisions[2]?.recheckAfterMs, 100_000);
});

test('a peak within the window keeps what it needed', () => {
  const decisions = play(
    [
      [0, 100],
      [300, 30],
      [200, 80],
      [150, 30],
      [250, 30],
      [100, 30],
    ],
    { current: 10 },
  );
  assert.deepEqual(
    decisions.map(({ replicas }) => replicas),
    [10, 10, 10, 8, 8, 3],
  );
});

test('another leader removes nothing before a window has passed', () => {
  assert.deepEqual(
    told(
      play(
        [
          [0, 10],
          [299, 10],
          [1, 10],
        ],
        { current: 9 },
      ),
    ),
    ['9 Stabilizing', '9 Stabilizing', '3 AtMinimum'],
  );
});

test('pods that say nothing change nothing', () => {
  assert.deepEqual(
    told(
      play(
        [
          [0, 100],
          [1000, undefined],
        ],
        { current: 9 },
      ),
    ),
    ['9 AsWanted', '9 ReportsMissing'],
  );
});

test('bounds hold at once', () => {
  assert.deepEqual(told(play([[0, undefined]], { current: 1 })), ['3 ReportsMissing']);
  assert.deepEqual(told(play([[0, 100]], { current: 0 })), ['3 ReportsMissing']);
  assert.deepEqual(told(play([[0, 100]], { current: 30 })), ['20 AtMaximum']);
  assert.deepEqual(
    told(
      play(
        [
          [0, 100],
          [0, 100],
        ],
        { current: 3, change: { min: 12 } },
      ),
    ),
    ['12 AtMinimum', '12 AsWanted'],
  );
});

const load = fc.record({
  ready: fc.boolean(),
  terminating: fc.boolean(),
  connections: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
});
const step = fc.record({ seconds: fc.integer({ min: 0, max: 400 }), loads: fc.array(load, { maxLength: 25 }) });
const history = fc.record({
  start: fc.integer({ min: 0, max: 30 }),
  steps: fc.array(step, { minLength: 1, maxLength: 20 }),
});

/** Plays a history in which pods follow each decision; calls back with each decision and the time. */
function follow(
  { start, steps }: { start: number; steps: { seconds: number; loads: PodLoad[] }[] },
  see: (decision: ScalingDecision, now: number) => void,
) {
  let memory: ScalingMemory | undefined;
  let current = start;
  let now = 0;
  for (const { seconds, loads } of steps) {
    now += seconds * 1000;
    const result = decide(memory, { scaling, current, loads, now });
    memory = result.memory;
    see(result.decision, now);
    current = result.decision.replicas;
  }
  return memory;
}

test('never below the floor or above the maximum, and never more than a step at a time', () => {
  fc.assert(
    fc.property(history, (given) => {
      follow(given, ({ replicas, current }) => {
        assert.ok(replicas >= scaling.min && replicas <= scaling.max);
        assert.ok(replicas <= Math.max(scaling.min, 2 * current, current + 4));
      });
    }),
  );
});

test('never fewer than anything that was wanted within the window, or than there were when it began', () => {
  fc.assert(
    fc.property(history, (given) => {
      const seen: { at: number; wanted: number; replicas: number }[] = [
        { at: 0, wanted: given.start, replicas: given.start },
      ];
      follow(given, ({ wanted, replicas, current }, now) => {
        const recent = seen.filter(({ at }) => now - at < 300_000);
        const least = Math.min(current, scaling.max, ...recent.map((entry) => Math.min(entry.wanted, entry.replicas)));
        if (replicas < current && current <= scaling.max) assert.ok(replicas >= least);
        seen.push({ at: now, wanted: wanted ?? current, replicas });
      });
    }),
  );
});

test('when nothing is known, nothing within the bounds changes', () => {
  fc.assert(
    fc.property(history, (given) => {
      const mute = given.steps.map((entry) => ({
        ...entry,
        loads: entry.loads.map((pod) => ({ ...pod, connections: undefined })),
      }));
      follow({ ...given, steps: mute }, ({ replicas, current }) => {
        if (current >= scaling.min && current <= scaling.max) assert.equal(replicas, current);
      });
    }),
  );
});

test('what is remembered stays small', () => {
  fc.assert(
    fc.property(history, (given) =>
      assert.ok((follow(given, () => {})?.window.length ?? 0) <= scaling.max - scaling.min + 2),
    ),
  );
});
