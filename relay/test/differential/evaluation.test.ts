import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../src/dialects/launchdarkly/evaluation/compile.ts';
import type { CompiledData } from '../../src/dialects/launchdarkly/evaluation/compiled.ts';
import { parseContext } from '../../src/dialects/launchdarkly/model/context.ts';
import { parseDataSet } from '../../src/dialects/launchdarkly/model/parse.ts';
import type { JsonObject } from '../../src/json/json.ts';
import { type World, worlds } from './generate.ts';
import { officialEvaluator } from './official.ts';

const WORLDS = 120;
const FLAGS = 24;
const CONTEXTS = 12;

/** The SDK leaves `variation` out where the relay says null. */
function normalized(result: JsonObject): JsonObject {
  return { variation: null, ...result };
}

async function compareAll(world: World, ours: CompiledData): Promise<number> {
  const official = await officialEvaluator(world.data);
  let compared = 0;
  try {
    for (const context of world.contexts) {
      const expected = await official.evaluateAll(context);
      const text = ours.evaluateAll(parseContext(JSON.stringify(context)), { audience: 'server', withReasons: true });
      const actual = JSON.parse(text) as Record<string, JsonObject>;
      assert.deepEqual(Object.keys(actual).sort(), [...expected.keys()].sort());
      for (const [key, result] of expected) {
        assert.deepEqual(actual[key], normalized(result), `${key} for ${JSON.stringify(context)}`);
        compared++;
      }
    }
  } finally {
    official.close();
  }
  return compared;
}

test(`agrees with LaunchDarkly's Node SDK on ${WORLDS * FLAGS * CONTEXTS} generated evaluations`, async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(worlds({ odd: false, flags: FLAGS, contexts: CONTEXTS }), async (world) => {
      compared += await compareAll(world, compile(parseDataSet(JSON.stringify(world.data))));
    }),
    { numRuns: WORLDS, endOnFailure: true },
  );
  assert.ok(compared >= WORLDS * FLAGS * CONTEXTS);
});

test('a data set that is compiled on top of others evaluates as if it were the first', async () => {
  let previous: CompiledData | undefined;
  await fc.assert(
    fc.asyncProperty(worlds({ odd: true, flags: FLAGS, contexts: 3 }), async (world) => {
      const data = parseDataSet(JSON.stringify(world.data));
      const before = previous;
      previous = compile(data, before);
      const fresh = compile(data);
      for (const document of world.contexts) {
        const context = parseContext(JSON.stringify(document));
        for (const audience of ['server', 'mobile', 'browser'] as const) {
          const options = { audience, withReasons: true };
          assert.equal(previous.evaluateAll(context, options), fresh.evaluateAll(context, options));
        }
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test('evaluated in steps, while the data change between them, a context has the results of the data that it began with', async () => {
  let previous: CompiledData | undefined;
  await fc.assert(
    fc.asyncProperty(
      worlds({ odd: true, flags: FLAGS, contexts: 2 }),
      worlds({ odd: true, flags: FLAGS, contexts: 1 }),
      fc.nat(60),
      async (world, later, when) => {
        const data = compile(parseDataSet(JSON.stringify(world.data)), previous);
        previous = data;
        for (const document of world.contexts) {
          const context = parseContext(JSON.stringify(document));
          const options = { audience: 'server', withReasons: true } as const;
          const expected = data.evaluateAll(context, options);
          const steps = data.evaluateInSteps(context, options);
          let step = steps.next();
          for (let count = 0; step.done !== true; count++) {
            if (count === when) previous = compile(parseDataSet(JSON.stringify(later.data)), previous);
            step = steps.next();
          }
          assert.equal(step.value.join(''), expected);
          const each: unknown[] = [];
          const eachInSteps: unknown[] = [];
          data.evaluateEach(context, options, (key, result) => each.push([key, result]));
          for (const _ of data.evaluateEachInSteps(context, options, (key, result) => eachInSteps.push([key, result])));
          assert.deepEqual(eachInSteps, each);
        }
      },
    ),
    { numRuns: 80, endOnFailure: true },
  );
});

test('one flag evaluated alone has the result that it has among all', async () => {
  await fc.assert(
    fc.asyncProperty(worlds({ odd: true, flags: FLAGS, contexts: 3 }), async (world) => {
      const ours = compile(parseDataSet(JSON.stringify(world.data)));
      const options = { audience: 'server', withReasons: true } as const;
      for (const document of world.contexts) {
        const context = parseContext(JSON.stringify(document));
        const all = JSON.parse(ours.evaluateAll(context, options)) as Record<string, JsonObject>;
        for (const [key, expected] of Object.entries(all)) {
          const alone = ours.evaluate(key, context, options);
          assert.ok(alone !== undefined);
          assert.deepEqual(
            [JSON.parse(alone.valueJson), alone.variation, alone.reason, alone.prerequisites, alone.experiment],
            [
              expected.value,
              expected.variation,
              expected.reason,
              expected.prerequisites ?? [],
              expected.trackReason ?? false,
            ],
          );
        }
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});
