import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MATCH, NO_MATCH, UNKNOWN } from './match.ts';
import { OrderedProbes, type Relation } from './ordered-probes.ts';

const HOLDS: Record<Relation, (value: number, bound: number) => boolean> = {
  less: (value, bound) => value < bound,
  lessOrEqual: (value, bound) => value <= bound,
  equal: (value, bound) => value === bound,
  greaterOrEqual: (value, bound) => value >= bound,
  greater: (value, bound) => value > bound,
};

test('finds what a comparison with each bound finds, also after removals', () => {
  const condition = fc.record({
    relation: fc.constantFrom(...(Object.keys(HOLDS) as Relation[])),
    bound: fc.integer({ min: -3, max: 3 }),
    negate: fc.boolean(),
    removed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 30 }), fc.integer({ min: -4, max: 4 }), (conditions, value) => {
      const probes = new OrderedProbes<number>((a, b) => a - b);
      const entries = conditions.map(({ negate }, id) => (negate ? ~id : id));
      conditions.forEach(({ relation, bound }, id) => {
        probes.add(relation, bound, entries[id]!);
      });
      conditions.forEach(({ relation, bound, removed }, id) => {
        if (removed) probes.remove(relation, bound, entries[id]!);
      });
      const memo = new Uint8Array(conditions.length);
      probes.answer(value, memo);
      const expected = conditions.map(({ relation, bound, negate, removed }) => {
        if (removed || !HOLDS[relation](value, bound)) return UNKNOWN;
        return negate ? NO_MATCH : MATCH;
      });
      assert.deepEqual([...memo], expected);
    }),
  );
});
