import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closingArrows, graphOf, ringsOf, shortestWay } from './rings.ts';

const graph = (...arrows: string[]) => graphOf(arrows.map((arrow) => arrow.split('>') as [string, string]));
const arrows = fc.uniqueArray(
  fc.tuple(fc.nat(7), fc.nat(7)).map(([a, b]): [string, string] => [`${a}`, `${b}`]),
  {
    selector: String,
    maxLength: 25,
  },
);

test('a ring is a set in which each leads to each; a node that leads to itself is none', () => {
  assert.deepEqual(ringsOf(graph('a>b', 'b>c', 'c>a', 'c>d', 'd>e', 'e>d', 'f>f', 'f>a')), [
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]);
});

test('what costs least is cut', () => {
  const ring = graph('a>b', 'b>c', 'c>a');
  assert.deepEqual(
    closingArrows(['a', 'b', 'c'], ring, (from) => (from === 'b' ? 1 : 5)),
    [['b', 'c']],
  );
});

test('the shortest way', () => {
  assert.deepEqual(shortestWay(graph('a>b', 'b>c', 'c>d', 'a>c'), 'a', 'd'), ['a', 'c', 'd']);
  assert.equal(shortestWay(graph('a>b'), 'b', 'a'), undefined);
});

test('without the closing arrows of its rings a graph has none, and without rings there are none', () => {
  fc.assert(
    fc.property(arrows, (all) => {
      const whole = graphOf(all);
      const cut = ringsOf(whole).flatMap((ring) => closingArrows(ring, whole, () => 1));
      const left = all.filter(([from, to]) => !cut.some(([a, b]) => a === from && b === to));
      assert.deepEqual(ringsOf(graphOf(left)), []);
      assert.equal(cut.length > 0, ringsOf(whole).length > 0);
    }),
  );
});

test('two nodes are in one ring exactly where there is a way there and back', () => {
  fc.assert(
    fc.property(arrows, fc.nat(7), fc.nat(7), (all, first, second) => {
      fc.pre(first !== second);
      const whole = graphOf(all);
      const [a, b] = [`${first}`, `${second}`];
      const together = ringsOf(whole).some((ring) => ring.includes(a) && ring.includes(b));
      assert.equal(together, shortestWay(whole, a, b) !== undefined && shortestWay(whole, b, a) !== undefined);
    }),
  );
});
