import type { JsonObject } from '../../../src/json/json.ts';
import { clause, testFlag } from '../../../src/testing/evaluation.ts';

/** Flags, segments and a context that together push one part of the evaluation to its limits. */
export interface Limit {
  readonly name: string;
  readonly flags: readonly JsonObject[];
  readonly segments?: readonly JsonObject[];
  /** JSON text, of nearly `size` characters. */
  readonly context: (size: number) => string;
}

const FLAGS = 500;

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function flags(count: number, make: (index: number) => JsonObject): JsonObject[] {
  return many(count, (index) => testFlag({ key: `flag-${index}`, salt: `salt-${index}`, ...make(index) }));
}

function rules(count: number, make: (index: number) => JsonObject): JsonObject[] {
  return flags(count, (index) => ({ rules: [{ id: 'rule', variation: 1, clauses: [make(index)] }] }));
}

const SPLIT = {
  rollout: {
    variations: [
      { variation: 0, weight: 50_000 },
      { variation: 1, weight: 50_000 },
    ],
  },
};

function withText(text: (size: number) => string): (size: number) => string {
  return (size) => JSON.stringify({ kind: 'user', key: 'u', x: text(size - 60) });
}

/** A list of different elements that fills the size. */
function withList(element: (index: number) => unknown): (size: number) => string {
  return (size) => {
    const parts: string[] = [];
    for (let length = 60, index = 0; length < size; index++) {
      const part = JSON.stringify(element(index));
      parts.push(part);
      length += part.length + 1;
    }
    return `{"kind":"user","key":"u","x":[${parts.slice(0, -1).join()}]}`;
  };
}

const words = (count: number, make: (index: number) => string) => many(count, make);
const OPERATORS_OF_TEXT = ['in', 'startsWith', 'endsWith', 'contains'] as const;

/** A limit for each operator and parser that takes part in an evaluation. */
export const LIMITS: readonly Limit[] = [
  {
    name: `${FLAGS} rollouts by a long key`,
    flags: flags(FLAGS, () => ({ fallthrough: SPLIT })),
    context: (size) => JSON.stringify({ kind: 'user', key: 'k'.repeat(size - 40) }),
  },
  {
    name: `${FLAGS} rollouts of a legacy user with a long secondary key`,
    flags: flags(FLAGS, () => ({ fallthrough: SPLIT })),
    context: (size) => JSON.stringify({ key: 'u', secondary: 's'.repeat(size - 40) }),
  },
  {
    name: `${FLAGS} rollouts by a long attribute beyond ASCII`,
    flags: flags(FLAGS, () => ({ fallthrough: { rollout: { ...SPLIT.rollout, bucketBy: 'x' } } })),
    context: withText((size) => 'é'.repeat(size)),
  },
  ...OPERATORS_OF_TEXT.map((op) => ({
    name: `${op}: ${FLAGS} clauses and a long text`,
    flags: rules(FLAGS, (index) => clause('x', op, [`@@@@@@@@b${index}`])),
    context: withText((size) => '@'.repeat(size)),
  })),
  ...OPERATORS_OF_TEXT.map((op) => ({
    name: `${op}: a clause of 10,000 values and a long list`,
    flags: rules(2, (index) =>
      clause(
        'x',
        op,
        words(10_000, (at) => `value ${at} of ${index}`),
      ),
    ),
    context: withList((index) => `v${index}`),
  })),
  ...OPERATORS_OF_TEXT.map((op) => ({
    name: `${op}: ${FLAGS} clauses of 20 values and a long list`,
    flags: rules(FLAGS, (index) =>
      clause(
        'x',
        op,
        words(20, (at) => `value ${at} of ${index}`),
      ),
    ),
    context: withList((index) => `value ${index}`),
  })),
  {
    name: `matches: ${FLAGS} patterns and a long text`,
    flags: rules(FLAGS, (index) => clause('x', 'matches', [`^(a+)+b?[0-9]{1,3}x${index}$`])),
    context: withText((size) => 'a'.repeat(Math.min(size, 600_000))),
  },
  {
    name: 'matches: 20 patterns that defeat the automaton',
    flags: rules(20, (index) => clause('x', 'matches', [`[ab]*a[ab]{18}[c${index}]`])),
    context: withText((size) =>
      many(Math.min(size, 600_000), (at) => (Math.imul(at, 0x9e3779b1) < 0 ? 'a' : 'b')).join(''),
    ),
  },
  {
    name: 'matches: 50 patterns and a long list',
    flags: rules(50, (index) => clause('x', 'matches', [`^v[0-9]+x${index}$`])),
    context: withList((index) => `v${index}`),
  },
  ...['lessThan', 'greaterThanOrEqual'].map((op) => ({
    name: `${op}: ${FLAGS} clauses and a long list`,
    flags: rules(FLAGS, (index) => clause('x', op, [index * 7])),
    context: withList((index) => index),
  })),
  ...['before', 'after'].map((op) => ({
    name: `${op}: ${FLAGS} clauses and a long list`,
    flags: rules(FLAGS, (index) => clause('x', op, [index * 1000])),
    context: withList((index) => `2020-01-01T00:00:00.${index}Z`),
  })),
  {
    name: `before: ${FLAGS} clauses and a long text`,
    flags: rules(FLAGS, (index) => clause('x', 'before', [index * 1000])),
    context: withText((size) => `2020-01-01T00:00:00.${'1'.repeat(size - 20)}`),
  },
  ...['semVerEqual', 'semVerLessThan', 'semVerGreaterThan'].flatMap((op) => [
    {
      name: `${op}: ${FLAGS} clauses and a version of many digits`,
      flags: rules(FLAGS, (index) => clause('x', op, [`${index}.0.0`])),
      context: withText((size) => '1'.repeat(size)),
    },
    {
      name: `${op}: ${FLAGS} clauses and a version of many identifiers`,
      flags: rules(FLAGS, (index) => clause('x', op, [`1.0.0-1.${index}`])),
      context: withText((size) => `1.0.0-${'1.'.repeat(size / 2 - 10)}1`),
    },
    {
      name: `${op}: ${FLAGS} clauses and a long list of versions`,
      flags: rules(FLAGS, () => clause('x', op, ['1.0.0'])),
      context: withList((index) => `1.0.0+${index}`),
    },
  ]),
  {
    name: 'a path of 10,000 names',
    flags: rules(20, (index) => clause(`/${words(9_000, () => 'a').join('/')}/b${index}`, 'in', ['z'])),
    context: (size) => {
      const depth = Math.min(9_000, Math.floor(size / 8));
      return `{"kind":"user","key":"u","a":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
    },
  },
  {
    name: 'many attributes',
    flags: rules(FLAGS, (index) => clause(`a${index}`, 'in', ['z'])),
    context: (size) =>
      `{"kind":"user","key":"u",${many(Math.floor((size - 60) / 13), (index) => `"a${String(index).padStart(6, '0')}":1`).join()}}`,
  },
  {
    name: `many kinds, and ${FLAGS} clauses on the kind`,
    flags: rules(FLAGS, (index) => clause('kind', 'startsWith', [`z${index}`])),
    context: (size) =>
      `{"kind":"multi",${many(Math.floor((size - 60) / 22), (index) => `"k${String(index).padStart(6, '0')}":{"key":"u"}`).join()}}`,
  },
  {
    name: 'a key full of what is escaped in the qualified key',
    flags: flags(1, () => ({})),
    context: (size) => JSON.stringify({ kind: 'other', key: '%:'.repeat(size / 2 - 20) }),
  },
  {
    name: 'a text full of escapes',
    flags: rules(1, () => clause('x', 'contains', ['b'])),
    context: (size) => `{"kind":"user","key":"u","x":"${'\\ud83d'.repeat(size / 6 - 10)}"}`,
  },
  {
    name: 'targets: 20 lists of 10,000 keys',
    flags: flags(20, (index) => ({
      targets: [{ variation: 1, values: words(10_000, (at) => `user ${at} of ${index}`) }],
    })),
    context: (size) => JSON.stringify({ kind: 'user', key: 'user '.repeat(size / 5 - 10) }),
  },
  {
    name: 'segments: 20 lists of 10,000 keys, with weighted rules by a long key',
    flags: rules(20, (index) => clause('', 'segmentMatch', [`segment-${index}`])),
    segments: many(20, (index) => ({
      key: `segment-${index}`,
      version: 1,
      salt: 's',
      included: words(10_000, (at) => `user ${at} of ${index}`),
      rules: [{ weight: 50_000, clauses: [] }],
    })),
    context: (size) => JSON.stringify({ kind: 'user', key: 'user '.repeat(size / 5 - 10) }),
  },
  {
    name: 'a chain of 5,000 prerequisites',
    flags: flags(5_000, (index) =>
      index === 0 ? {} : { prerequisites: [{ key: `flag-${index - 1}`, variation: 2 }] },
    ),
    context: () => '{"kind":"user","key":"u"}',
  },
  {
    name: 'a ring of 5,000 prerequisites',
    flags: flags(5_000, (index) => ({ prerequisites: [{ key: `flag-${(index + 1) % 5_000}`, variation: 2 }] })),
    context: () => '{"kind":"user","key":"u"}',
  },
  {
    name: 'a flag of 3,000 prerequisites',
    flags: [
      ...flags(3_000, () => ({})),
      testFlag({ key: 'z', prerequisites: many(3_000, (index) => ({ key: `flag-${index}`, variation: 2 })) }),
    ],
    context: () => '{"kind":"user","key":"u"}',
  },
  {
    name: 'a chain of 3,000 segments',
    flags: rules(1, () => clause('', 'segmentMatch', ['segment-2999'])),
    segments: many(3_000, (index) => ({
      key: `segment-${index}`,
      version: 1,
      salt: 's',
      rules: [
        { clauses: [index === 0 ? clause('key', 'in', ['u']) : clause('', 'segmentMatch', [`segment-${index - 1}`])] },
      ],
    })),
    context: () => '{"kind":"user","key":"u"}',
  },
];
