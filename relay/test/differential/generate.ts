import fc from 'fast-check';
import type { Json, JsonObject } from '../../src/json/json.ts';

/** A generated environment: `{flags, segments}` as a source delivers it, and contexts to evaluate. */
export interface World {
  readonly data: { readonly flags: Record<string, JsonObject>; readonly segments: Record<string, JsonObject> };
  readonly contexts: readonly JsonObject[];
}

/** What the generator may use beyond the values on which all evaluators agree. */
export interface WorldOptions {
  /** Values, attributes and patterns at the edge of what is valid. */
  readonly odd: boolean;
  readonly flags: number;
  readonly contexts: number;
}

const FLAG_KEYS = Array.from({ length: 24 }, (_, index) => `flag-${index}`);
const SEGMENT_KEYS = Array.from({ length: 8 }, (_, index) => `segment-${index}`);
const KEYS = ['a', 'b', 'c', 'd', 'user-1', 'user-2', 'org:1', 'é', 'x%y'];
const KINDS = ['user', 'org', 'device'];

const TEXTS = ['alpha', 'al', 'ha', '', 'beta', 'a.b', 'ALPHA', 'user@example.com', 'naïve ☃'];
const NUMBERS = [0, 1, -1, 2.5, 10, 99.99, 1e6];
const DATES: Json[] = [
  '2020-01-01T00:00:00Z',
  '2020-01-01T00:00:00.001Z',
  '2020-01-01T02:00:00+02:00',
  '2019-12-31T23:59:59-00:30',
  1_577_836_800_000,
  1_577_836_800_001,
];
const VERSIONS = ['1.0.0', '1.0', '1', '1.0.0-rc.1', '1.0.0-rc.2', '1.0.0-alpha.beta', '2.0.0+build', '2', '10.2.3'];
const PATTERNS = ['^al', 'ha$', 'a.*a', '[a-c]+', '^user@.+\\.com$', 'x', '\\d', '(alpha|beta)'];

const ODD_TEXTS = ['kind', '__proto__', 'constructor', '\n', '1', 'true', ' '];
const ODD_NUMBERS = [-0, 1e21, 9_007_199_254_740_992, 1e-7, -1e300, 0.1];
const ODD_DATES: Json[] = [
  '2020-02-31T00:00:00Z',
  '2020-01-01',
  '2020-01-01t00:00:00z',
  '2020-01-01T00:00:00',
  '2020-01-01T0:00:00Z',
  '2020-01-01T00:00:60Z',
  '2020-01-01T00:00:00.123456789Z',
  '2020-01-01T00:00:00.1234567890Z',
  '2020-01-01T00:00:00+0100',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  'Wed, 01 Jan 2020 00:00:00 GMT',
  -1,
  0.9,
  1e13,
  -1e13,
  1e300,
];
const ODD_VERSIONS = [
  'v1.0.0',
  '01.0.0',
  '1.0.0-',
  '1.0.0-01',
  '1.0.0-0a',
  '1..0',
  '1.0.0.0',
  '99999999999999999999.0.0',
  '',
];
const ODD_PATTERNS = [
  '(?=a)a',
  '(a)\\1',
  '[',
  '(?i)ALPHA',
  '\\pL',
  '\\Qa.b\\E',
  '(?P<n>al)',
  'a{1001}',
  '^$',
  '.',
  '\\s',
  '\\bal\\b',
];

function pool(values: readonly Json[], odd: readonly Json[], options: WorldOptions): fc.Arbitrary<Json> {
  const usual = fc.constantFrom(...values);
  return options.odd
    ? fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...odd) })
    : usual;
}

/** A record some of whose members are left out: undefined members are dropped by JSON. */
function json(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function attributeValues(options: WorldOptions): Record<string, fc.Arbitrary<Json>> {
  const text = pool(TEXTS, ODD_TEXTS, options);
  const number = pool(NUMBERS, ODD_NUMBERS, options);
  return {
    s: text,
    n: number,
    b: fc.boolean(),
    date: pool(DATES, ODD_DATES, options),
    version: pool(VERSIONS, ODD_VERSIONS, options),
    list: fc.array(fc.oneof(text, number, pool(DATES, ODD_DATES, options)), { maxLength: 3 }),
    address: fc.record({ city: text, geo: fc.record({ lat: number }) }),
    ...(options.odd
      ? { '/odd': text, 'a~b': text, nul: fc.constant(null), nested: fc.constant([['alpha'], { a: 1 }, null, 'alpha']) }
      : {}),
  };
}

function singleContext(options: WorldOptions): fc.Arbitrary<JsonObject> {
  const attributes = attributeValues(options);
  return fc
    .record(
      { key: fc.constantFrom(...KEYS), name: fc.constantFrom(...TEXTS), anonymous: fc.boolean(), ...attributes },
      { requiredKeys: ['key'] },
    )
    .map(json);
}

function context(options: WorldOptions): fc.Arbitrary<JsonObject> {
  const one = fc.tuple(fc.constantFrom(...KINDS), singleContext(options)).map(([kind, rest]) => ({ kind, ...rest }));
  const several = fc
    .tuple(fc.subarray(KINDS, { minLength: 2 }), fc.array(singleContext(options), { minLength: 3, maxLength: 3 }))
    .map(([kinds, members]) =>
      json({ kind: 'multi', ...Object.fromEntries(kinds.map((kind, i) => [kind, members[i]])) }),
    );
  return fc.oneof({ weight: 2, arbitrary: one }, { weight: 1, arbitrary: several });
}

const OPERATORS = [
  'in',
  'in',
  'startsWith',
  'endsWith',
  'contains',
  'matches',
  'lessThan',
  'lessThanOrEqual',
  'greaterThan',
  'greaterThanOrEqual',
  'before',
  'after',
  'semVerEqual',
  'semVerLessThan',
  'semVerGreaterThan',
  'segmentMatch',
];

function clauseValues(op: string, options: WorldOptions, segments: readonly string[]): fc.Arbitrary<Json> {
  const text = pool(TEXTS, ODD_TEXTS, options);
  const number = pool(NUMBERS, ODD_NUMBERS, options);
  if (op === 'segmentMatch') return fc.constantFrom(...segments, 'no-such-segment');
  if (op === 'matches') return pool(PATTERNS, ODD_PATTERNS, options);
  if (op === 'before' || op === 'after') return pool(DATES, ODD_DATES, options);
  if (op.startsWith('semVer')) return pool(VERSIONS, ODD_VERSIONS, options);
  if (op.startsWith('less') || op.startsWith('greater')) return number;
  const keys = fc.constantFrom(...KEYS, ...KINDS);
  const mixed = fc.oneof(text, number, fc.boolean(), keys);
  return options.odd
    ? fc.oneof({ weight: 9, arbitrary: mixed }, { weight: 1, arbitrary: fc.constantFrom(null, [], {}) })
    : mixed;
}

const ATTRIBUTES = ['key', 'kind', 's', 'n', 'b', 'name', 'anonymous', 'date', 'version', 'list', 'address', 'missing'];
const REFERENCES = ['/address/city', '/address/geo/lat', '/s', '/address/none'];
const ODD_REFERENCES = [
  '/',
  '//',
  '/a~2',
  '/address/',
  '~',
  '/~1odd',
  '/a~0b',
  '',
  '/kind',
  '/key',
  'nul',
  'nested',
  '__proto__',
];

/** Attributes that fit an operator, so that most clauses have a chance to match. */
function clauseAttribute(op: string, options: WorldOptions): fc.Arbitrary<string> {
  const any = fc.constantFrom(...ATTRIBUTES);
  const fitting = op.startsWith('semVer')
    ? 'version'
    : op === 'before' || op === 'after'
      ? 'date'
      : op.includes('Than')
        ? 'n'
        : 's';
  const usual = fc.oneof({ weight: 3, arbitrary: fc.constant(fitting) }, { weight: 2, arbitrary: any });
  return options.odd
    ? fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...ODD_REFERENCES) })
    : usual;
}

function clause(options: WorldOptions, segments: readonly string[] = SEGMENT_KEYS): fc.Arbitrary<JsonObject> {
  const operators = options.odd ? [...OPERATORS, 'noSuchOperator'] : OPERATORS;
  return fc.constantFrom(...operators).chain((op) =>
    fc
      .record({
        attribute: fc.oneof(
          { weight: 4, arbitrary: clauseAttribute(op, options) },
          { weight: 1, arbitrary: fc.constantFrom(...REFERENCES) },
        ),
        contextKind: fc.option(fc.constantFrom(...KINDS), { nil: undefined, freq: 4 }),
        values: fc.array(clauseValues(op, options, segments), { minLength: options.odd ? 0 : 1, maxLength: 3 }),
        negate: fc.boolean(),
      })
      .map(({ attribute, contextKind, values, negate }) => {
        // A reference without a kind is a literal name: half of the evaluators' users trip over it, so it is generated, too.
        return json({ attribute: op === 'segmentMatch' ? '' : attribute, contextKind, op, values, negate });
      }),
  );
}

function rollout(options: WorldOptions): fc.Arbitrary<JsonObject> {
  const variation = fc.record(
    {
      variation: fc.integer({ min: 0, max: options.odd ? 4 : 2 }),
      weight: fc.integer({ min: 0, max: 60_000 }),
      untracked: fc.boolean(),
    },
    { requiredKeys: ['variation', 'weight'] },
  );
  const bucketBys = options.odd
    ? ['key', 's', 'n', 'name', 'b', 'missing', '/address/city', '/', 'list']
    : ['key', 's', 'name'];
  return fc
    .record(
      {
        kind: fc.constantFrom('rollout', 'experiment'),
        contextKind: fc.constantFrom(...KINDS),
        variations: fc.array(variation, { minLength: options.odd ? 0 : 1, maxLength: 4 }),
        // The SDK takes a seed of 0 for none: see exceptions.test.ts.
        seed: fc.integer({ min: options.odd ? -5 : 1, max: 1_000_000 }),
        bucketBy: fc.constantFrom(...bucketBys),
      },
      { requiredKeys: ['variations'] },
    )
    .map(json);
}

function serve(options: WorldOptions): fc.Arbitrary<JsonObject> {
  const fixed = fc.integer({ min: options.odd ? -1 : 0, max: options.odd ? 3 : 2 }).map((variation) => ({ variation }));
  const rolled = rollout(options).map((value) => ({ rollout: value }));
  const usual = fc.oneof<fc.Arbitrary<JsonObject>[]>(fixed, rolled);
  return options.odd
    ? fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: fc.constant<JsonObject>({}) })
    : usual;
}

function target(options: WorldOptions): fc.Arbitrary<JsonObject> {
  return fc
    .record({
      variation: fc.integer({ min: 0, max: options.odd ? 3 : 2 }),
      values: fc.array(fc.constantFrom(...KEYS), { maxLength: 3 }),
    })
    .map(json);
}

function contextTargets(options: WorldOptions): fc.Arbitrary<JsonObject[]> {
  const entry = fc
    .tuple(fc.constantFrom(...KINDS), target(options))
    // With entries for the user kind LaunchDarkly sends the values in `targets` only.
    .map(
      ([contextKind, rest]): JsonObject => ({
        ...rest,
        contextKind,
        ...(contextKind === 'user' ? { values: [] } : {}),
      }),
    );
  return fc.array(entry, { maxLength: 3 });
}

function flag(key: string, options: WorldOptions): fc.Arbitrary<JsonObject> {
  // Cycles only in odd worlds: see exceptions.test.ts.
  const others = FLAG_KEYS.slice(options.odd ? 0 : FLAG_KEYS.indexOf(key) + 1, options.flags);
  return fc
    .record({
      on: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      prerequisites: fc.array(
        fc.record({ key: fc.constantFrom(...others, 'no-such-flag'), variation: fc.integer({ min: 0, max: 2 }) }),
        { maxLength: 2, size: 'small' },
      ),
      hasPrerequisites: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
      targets: fc.array(target(options), { maxLength: 2 }),
      contextTargets: contextTargets(options),
      rules: fc.array(
        fc
          .tuple(
            serve(options),
            fc.array(clause(options), { minLength: options.odd ? 0 : 1, maxLength: 3 }),
            fc.boolean(),
            fc.boolean(),
          )
          .map(([served, clauses, named, trackEvents]) => ({
            ...served,
            clauses,
            id: named || !options.odd ? 'a-rule' : '',
            trackEvents,
          })),
        { maxLength: 3 },
      ),
      fallthrough: serve(options),
      offVariation: fc.constantFrom(null, 0, 1, 2, ...(options.odd ? [5, -1] : [])),
      mobile: fc.boolean(),
      browser: fc.boolean(),
      trackEvents: fc.boolean(),
      trackEventsFallthrough: fc.boolean(),
      debugEventsUntilDate: fc.constantFrom(null, 1_600_000_000_000, ...(options.odd ? [0] : [])),
      version: fc.integer({ min: 1, max: 1000 }),
    })
    .map(({ mobile, browser, prerequisites, hasPrerequisites, ...rest }) =>
      json({
        key,
        ...rest,
        prerequisites: hasPrerequisites ? prerequisites : [],
        salt: `salt-${key}`,
        variations: ['one', { two: [1, 'zwei', null] }, 3],
        clientSideAvailability: { usingMobileKey: mobile, usingEnvironmentId: browser },
      }),
    );
}

/** True when the context has the kind: no value at all never matches, which is then negated. */
function hasKind(contextKind: string): JsonObject {
  return { attribute: 'key', contextKind, op: 'in', values: [], negate: true };
}

function segmentRule(options: WorldOptions, segments: readonly string[]): fc.Arbitrary<JsonObject> {
  return fc
    .record(
      {
        clauses: fc.array(clause(options, segments), { minLength: options.odd ? 0 : 1, maxLength: 2 }),
        weight: fc.integer({ min: 0, max: 100_000 }),
        bucketBy: fc.constantFrom('key', 's', ...(options.odd ? ['n', '/', 'missing'] : [])),
        rolloutContextKind: fc.constantFrom(...KINDS),
      },
      { requiredKeys: ['clauses'] },
    )
    .map((rule) => {
      // Without the kind the evaluators differ: see exceptions.test.ts.
      const guard = rule.weight === undefined || options.odd ? [] : [hasKind(rule.rolloutContextKind ?? 'user')];
      return json({ ...rule, clauses: [...guard, ...rule.clauses] });
    });
}

function segment(key: string, options: WorldOptions): fc.Arbitrary<JsonObject> {
  const keys = fc.array(fc.constantFrom(...KEYS), { maxLength: 2 });
  const lists = fc.array(fc.record({ contextKind: fc.constantFrom('org', 'device'), values: keys }), { maxLength: 2 });
  // Cycles only in odd worlds: see exceptions.test.ts.
  const segments = options.odd ? SEGMENT_KEYS : SEGMENT_KEYS.slice(SEGMENT_KEYS.indexOf(key) + 1);
  return fc
    .record({
      included: keys,
      excluded: keys,
      includedContexts: lists,
      excludedContexts: lists,
      rules: fc.array(segmentRule(options, segments), { maxLength: 2 }),
      version: fc.integer({ min: 1, max: 1000 }),
    })
    .map((rest) => json({ key, salt: `salt-${key}`, ...rest }));
}

/** Generates environments with contexts to evaluate in them. */
export function worlds(options: WorldOptions): fc.Arbitrary<World> {
  const flags = fc.tuple(...FLAG_KEYS.slice(0, options.flags).map((key) => flag(key, options)));
  const segments = fc.tuple(...SEGMENT_KEYS.map((key) => segment(key, options)));
  const contexts = fc.array(context(options), { minLength: options.contexts, maxLength: options.contexts });
  return fc.tuple(flags, segments, contexts).map(([flagList, segmentList, contextList]) => ({
    data: {
      flags: Object.fromEntries(flagList.map((item) => [item.key as string, item])),
      segments: Object.fromEntries(segmentList.map((item) => [item.key as string, item])),
    },
    contexts: contextList,
  }));
}
