import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BusyError, inTurns, turnsMemory } from './turns.ts';

const wanted = () => true;

test('of one owner one evaluation after the other; each owner in turn, however long those of another take', async () => {
  const ended: string[] = [];
  const evaluate = (owner: { open: number }, name: string, turns: number) =>
    inTurns(
      owner,
      1,
      function* () {
        owner.open += 1;
        assert.equal(owner.open, 1);
        for (let count = 0; count < turns; count++) {
          const end = performance.now() + 9;
          while (performance.now() < end) yield;
        }
        owner.open -= 1;
        ended.push(name);
      },
      wanted,
    );
  const [greedy, other] = [{ open: 0 }, { open: 0 }];
  const all = ['g1', 'g2'].map((name) => evaluate(greedy, name, 10));
  all.push(evaluate(other, 'o1', 1), evaluate(other, 'o2', 1));
  await Promise.all(all);
  assert.deepEqual(ended, ['o1', 'o2', 'g1', 'g2']);
});

test('one owner leaves room for the next', async () => {
  const [greedy, other] = [{}, {}];
  const one = (owner: object) =>
    inTurns(
      owner,
      500_000,
      function* () {
        yield;
        return 'result';
      },
      wanted,
    );
  const results = await Promise.allSettled(Array.from({ length: 10_000 }, () => one(greedy)).concat(one(other)));
  const refused = results.filter(({ status }) => status === 'rejected');
  assert.ok(refused.length > 0 && refused.length < 10_000);
  for (const result of refused) assert.ok((result as PromiseRejectedResult).reason instanceof BusyError);
  assert.deepEqual(results.at(-1), { status: 'fulfilled', value: 'result' });
  assert.equal(turnsMemory().used, 0);
});

test('whatever becomes of evaluations, their memory is given back and the others go on', async () => {
  const owners = [{}, {}, {}];
  const kind = fc.constantFrom('ends', 'throws', 'throws at once', 'not wanted');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), kind), { maxLength: 30 }), async (given) => {
      const results = await Promise.allSettled(
        given.map(([owner, what]) =>
          inTurns(
            owners[owner]!,
            10,
            () => {
              if (what === 'throws at once') throw new Error(what);
              return (function* () {
                yield;
                if (what === 'throws') throw new Error(what);
                return what;
              })();
            },
            () => what !== 'not wanted',
          ),
        ),
      );
      for (const [index, [, what]] of given.entries()) {
        const result = results[index]!;
        if (what.startsWith('throws')) assert.equal(result.status, 'rejected');
        else
          assert.deepEqual(result, {
            status: 'fulfilled',
            value: what === 'ends' || what === 'throws' ? what : undefined,
          });
      }
      assert.equal(turnsMemory().used, 0);
    }),
    { numRuns: 50 },
  );
});
