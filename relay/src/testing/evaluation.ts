import { compile } from '../dialects/launchdarkly/evaluation/compile.ts';
import type { BigSegments, CompiledData, FlagResult } from '../dialects/launchdarkly/evaluation/compiled.ts';
import { parseContext } from '../dialects/launchdarkly/model/context.ts';
import { parseDataSet } from '../dialects/launchdarkly/model/parse.ts';
import type { Json, JsonObject } from '../json/json.ts';

/** The context most tests use. */
export const USER: JsonObject = { kind: 'user', key: 'u' };

/** A flag with variations `off`, `yes`, `no`: on, it falls through to `no`; off, it serves `off`. */
export function testFlag(more: JsonObject = {}): JsonObject {
  return {
    key: 'flag',
    version: 7,
    on: true,
    salt: 'salt',
    variations: ['off', 'yes', 'no'],
    offVariation: 0,
    fallthrough: { variation: 2 },
    ...more,
  };
}

/** A flag that serves `yes` to whom all the clauses match. */
export function ruleFlag(...clauses: JsonObject[]): JsonObject {
  return testFlag({ rules: [{ id: 'rule', variation: 1, clauses }] });
}

/** A clause with a context kind, so that the attribute is a reference. */
export function clause(attribute: string, op: string, values: readonly Json[], more: JsonObject = {}): JsonObject {
  return { contextKind: 'user', attribute, op, values: [...values], negate: false, ...more };
}

function byKey(items: readonly JsonObject[]): Record<string, JsonObject> {
  return Object.fromEntries(items.map((item) => [item.key as string, item]));
}

/** Compiles an environment from flags and segments as JSON values. */
export function compileItems(flags: readonly JsonObject[], segments: readonly JsonObject[] = []): CompiledData {
  return compile(parseDataSet(JSON.stringify({ flags: byKey(flags), segments: byKey(segments) })));
}

/** Evaluates the first of the flags for a context, as a server SDK's relay does. */
export function evaluateFirst(
  flags: readonly JsonObject[],
  context: JsonObject = USER,
  segments: readonly JsonObject[] = [],
  bigSegments?: BigSegments,
): FlagResult {
  const result = compileItems(flags, segments).evaluate(
    flags[0]!.key as string,
    parseContext(JSON.stringify(context)),
    {
      audience: 'server',
      withReasons: true,
      ...(bigSegments === undefined ? {} : { bigSegments }),
    },
  );
  if (result === undefined) throw new Error('the flag does not exist');
  return result;
}

/** The value that {@link evaluateFirst} finds. */
export function valueOfFirst(...parameters: Parameters<typeof evaluateFirst>): Json {
  return JSON.parse(evaluateFirst(...parameters).valueJson) as Json;
}
