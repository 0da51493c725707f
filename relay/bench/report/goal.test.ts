import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './goal.ts';

const memory = { unit: 'KB', better: 'lower' } as const;

test('a value, lower or higher, is reached with the limit itself', () => {
  assert.deepEqual(judge({ of: 'm', value: 14 }, memory, { value: 14 }), { goal: '<= 14 KB', reached: 'reached' });
  assert.equal(judge({ of: 'm', value: 14 }, memory, { value: 14.1 }).reached, '**missed**');
  const burst = { unit: 'deliveries/s', better: 'higher' } as const;
  assert.equal(judge({ of: 'b', value: 250_000 }, burst, { value: 249_999 }).reached, '**missed**');
  assert.equal(judge({ of: 'b', value: 250_000 }, burst, { value: 250_001 }).reached, 'reached');
});

test('a ratio says where it comes from', () => {
  const verdict = judge({ of: 'r', ratio: 2.5, from: '2 x ld-relay' }, memory, { value: 999, ratio: 2.4 });
  assert.deepEqual(verdict, { goal: 'ratio <= 2.5 (2 x ld-relay)', reached: 'reached' });
});

test('value and ratio are told apart only where they differ', () => {
  const goal = { of: 'm', value: 14, ratio: 0.27 };
  assert.equal(judge(goal, memory, { value: 13, ratio: 0.2 }).reached, 'reached');
  assert.equal(judge(goal, memory, { value: 18, ratio: 0.5 }).reached, '**missed**');
  assert.equal(judge(goal, memory, { value: 18, ratio: 0.2 }).reached, 'by value **missed**, by ratio reached');
});

test('a ratio that was not measured is not judged', () => {
  assert.deepEqual(judge({ of: 'm', value: 14, ratio: 0.27 }, memory, { value: 13 }), {
    goal: '<= 14 KB',
    reached: 'reached',
  });
});
