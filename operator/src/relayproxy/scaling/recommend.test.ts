import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PodLoad, recommend, TOLERANCE } from './recommend.ts';

const pod = (connections?: number, change: Partial<PodLoad> = {}): PodLoad => ({
  ready: true,
  terminating: false,
  connections,
  ...change,
});
const silent = pod();
const unready = pod(undefined, { ready: false });
const leaving = (connections: number) => pod(connections, { terminating: true, ready: false });

test('what reported streams ask for, at a hundred a pod', () => {
  const cases: [what: string, loads: PodLoad[], current: number, replicas: number | undefined][] = [
    ['as wanted', [pod(100), pod(100), pod(100)], 3, 3],
    ['a little more', [pod(110), pod(110), pod(110)], 3, 3],
    ['more', [pod(111), pod(111), pod(111)], 3, 4],
    ['a little less', [pod(90), pod(90), pod(90)], 3, 3],
    ['less', [pod(60), pod(60), pod(60)], 3, 2],
    ['nothing', [pod(0), pod(0), pod(0)], 3, 0],
    ['nobody has reported', [silent, silent, silent], 3, undefined],
    ['no pods', [], 3, undefined],
    ['one is silent: it could carry its share', [pod(100), pod(100), silent], 3, 3],
    ['one is silent, the others have little', [pod(40), pod(40), silent], 3, 2],
    ['one is silent, the others have too much', [pod(200), pod(200), silent], 3, 4],
    ['one is not ready', [pod(40), pod(40), unready], 3, 2],
    ['one is not there yet', [pod(40), pod(40)], 3, 2],
    ['a rollout: one too many, which is silent', [pod(40), pod(40), pod(40), silent], 3, 3],
    ['streams that are about to move keep pods', [pod(50), pod(50), pod(50), leaving(100)], 3, 3],
    ['streams that are about to move add none', [pod(100), pod(100), pod(100), leaving(100)], 3, 3],
  ];
  for (const [what, loads, current, replicas] of cases) {
    assert.equal(recommend(loads, current, 100).replicas, replicas, what);
  }
});

const load: fc.Arbitrary<PodLoad> = fc.record({
  ready: fc.boolean(),
  terminating: fc.boolean(),
  connections: fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined }),
});
const given = fc.record({
  loads: fc.array(load, { maxLength: 30 }),
  current: fc.integer({ min: 1, max: 30 }),
  target: fc.integer({ min: 1, max: 3000 }),
});

test('a silent pod that begins to report never turns an addition into a removal, or the other way round', () => {
  fc.assert(
    fc.property(given, fc.integer({ min: 0, max: 3000 }), ({ loads, current, target }, reported) => {
      const before = recommend(loads, current, target).replicas;
      const at = loads.findIndex((pod) => pod.ready && !pod.terminating && pod.connections === undefined);
      if (before === undefined || at < 0) return;
      const told = loads.with(at, { ...loads[at]!, connections: Math.min(reported, target) });
      const after = recommend(told, current, target).replicas!;
      if (before > current) assert.ok(after >= before);
      if (before < current) assert.ok(after <= before);
    }),
  );
});

test('after doing what is recommended, nothing is recommended any more', () => {
  fc.assert(
    fc.property(given, ({ loads, current, target }) => {
      const { replicas, connections, silent } = recommend(loads, current, target);
      if (replicas === undefined || replicas < 1 || silent > 0 || loads.some((pod) => pod.terminating)) return;
      const share = Math.floor(connections / replicas);
      const rest = connections - share * replicas;
      const even = Array.from({ length: replicas }, (_, at) => pod(share + (at < rest ? 1 : 0)));
      assert.equal(recommend(even, replicas, target).replicas, replicas);
    }),
  );
});

test('within the tolerance nothing changes', () => {
  fc.assert(
    fc.property(
      given,
      fc.double({ min: 1.01 - TOLERANCE, max: 0.99 + TOLERANCE, noNaN: true }),
      ({ current, target }, share) => {
        const each = Array.from({ length: current }, () => pod(target * share));
        assert.equal(recommend(each, current, target).replicas, current);
      },
    ),
  );
});
