import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { carries, fleetFor, MAX_PODS, MIN_PODS, podsLost, roomNeeded } from './fleet.ts';

const load = fc
  .record({ all: fc.integer({ min: 1, max: 2_000_000 }), share: fc.double({ min: 0.01, max: 1, noNaN: true }) })
  .map(({ all, share }) => ({ all, reduced: Math.ceil(all * share) }));
const spread = fc.record({
  zones: fc.integer({ min: 1, max: 16 }),
  maxSkew: fc.integer({ min: 1, max: 16 }),
  mostPerPod: fc.constantFrom(5000, 20_000),
});

test('pods of the fullest zone', () => {
  const cases: [pods: number, zones: number, maxSkew: number, lost: number][] = [
    [3, 3, 1, 1],
    [3, 2, 1, 2],
    [4, 2, 1, 2],
    [4, 2, 2, 3],
    [4, 3, 1, 2],
    [3, 2, 5, 3],
    [5, 1, 1, 1],
    [0, 1, 1, 0],
  ];
  for (const [pods, zones, maxSkew, lost] of cases) {
    assert.equal(podsLost(pods, { zones, maxSkew }), lost, `${pods} pods, ${zones} zones, skew ${maxSkew}`);
  }
});

test('fleets for twice the connections, all of which fit into what a lost zone leaves', () => {
  const cases: [connections: number, zones: number, pods: number, each: number][] = [
    [30, 2, 3, 30],
    [30, 3, 3, 20],
    [5000, 2, 3, 5000],
    [5001, 2, 4, 5000],
    [7500, 3, 3, 5000],
    [10_000, 2, 4, 5000],
    [20_000, 3, 8, 5000],
    [1_000_000, 2, 100, 5000],
  ];
  for (const [connections, zones, pods, each] of cases) {
    const fleet = fleetFor({ all: 2 * connections, reduced: connections }, { zones, maxSkew: 1, mostPerPod: 5000 });
    assert.deepEqual(fleet, { pods, connectionsPerPod: each }, `${connections} connections, ${zones} zones`);
  }
});

test('more connections never give fewer pods, or pods with less room', () => {
  fc.assert(
    fc.property(load, load, spread, (a, b, over) => {
      const more = { all: Math.max(a.all, b.all), reduced: Math.max(a.reduced, b.reduced) };
      const [few, many] = [fleetFor(a, over), fleetFor(more, over)];
      assert.ok(many.pods >= few.pods);
      assert.ok(many.connectionsPerPod >= few.connectionsPerPod);
    }),
  );
});

test('never below the floor, never a pod over what it can carry, and room when any zone is lost', () => {
  fc.assert(
    fc.property(load, spread, (given, over) => {
      const { pods, connectionsPerPod } = fleetFor(given, over);
      assert.ok(pods >= MIN_PODS && pods <= MAX_PODS);
      assert.ok(connectionsPerPod <= over.mostPerPod);
      if (pods === MAX_PODS && !carries(pods, given, over)) return;
      assert.ok(pods * connectionsPerPod >= given.all);
      assert.ok((pods - podsLost(pods, over)) * connectionsPerPod >= given.reduced);
      assert.ok(pods === MIN_PODS || !carries(pods - 1, given, over), 'no pod too many');
    }),
  );
});

test('what is left after a loss may be nobody', () => {
  assert.equal(
    roomNeeded(3, { all: 10, reduced: 10 }, { zones: 2, maxSkew: 5, mostPerPod: 5000 }),
    Number.POSITIVE_INFINITY,
  );
  assert.equal(carries(0, { all: 10, reduced: 10 }, { zones: 2, maxSkew: 1, mostPerPod: 5000 }), false);
});
