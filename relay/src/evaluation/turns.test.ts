import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BusyError, inTurns, turnsUse } from './turns.ts';

const wanted = () => true;

test('one evaluation after the other; each owner in turn, however much one has', async () => {
  const ended: string[] = [];
  let open = 0;
  const evaluate = (owner: object, name: string) =>
    inTurns(
      owner,
      1,
      function* () {
        open += 1;
        assert.equal(open, 1);
        yield;
        open -= 1;
        ended.push(name);
      },
      wanted,
    );
  const [greedy, other] = [{}, {}];
  const all = ['g1', 'g2', 'g3'].map((name) => evaluate(greedy, name));
  all.push(evaluate(other, 'o1'));
  await Promise.all(all);
  assert.deepEqual(ended, ['g1', 'o1', 'g2', 'g3']);
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
  assert.equal(turnsUse().held, 0);
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
      assert.equal(turnsUse().held, 0);
    }),
    { numRuns: 50 },
  );
});
