import type { Json, JsonObject } from '../src/json/json.ts';

/** A generated environment and contexts to evaluate in it. The same seed gives the same data. */
export interface BenchData {
  readonly flags: Record<string, JsonObject>;
  readonly segments: Record<string, JsonObject>;
  readonly contexts: readonly JsonObject[];
}

/** Sizes like those of small, middling and large customers; 70 % of the flags are visible to browsers. */
export const SIZES = {
  small: { flags: 10, segments: 2 },
  medium: { flags: 200, segments: 20 },
  large: { flags: 2000, segments: 200 },
} as const;

/** Name of a size. */
export type SizeName = keyof typeof SIZES;

/** Draws from a seeded generator (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  times<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index));
  }
}

const COUNTRIES = ['de', 'fr', 'it', 'pl', 'us', 'ca', 'br', 'in', 'jp', 'au', 'ng', 'za'];
const PLANS = ['free', 'pro', 'team', 'enterprise'];
const DOMAINS = ['example.com', 'mail.invalid', 'corp.test', 'school.test'];

function userKey(dice: Dice): string {
  return `user-${String(dice.below(5000)).padStart(6, '0')}`;
}

function version(dice: Dice): string {
  return `${dice.below(12)}.${dice.below(10)}.${dice.below(10)}`;
}

function date(dice: Dice): string {
  return new Date(Date.UTC(2024, 0, 1 + dice.below(800), dice.below(24))).toISOString();
}

function clause(dice: Dice, segments: number): JsonObject {
  const user = (attribute: string, op: string, values: Json[]): JsonObject => ({
    contextKind: 'user',
    attribute,
    op,
    values,
    negate: dice.chance(0.1),
  });
  switch (dice.below(16)) {
    case 0:
    case 1:
    case 2:
      return user(
        'country',
        'in',
        dice.times(1 + dice.below(12), () => dice.pick(COUNTRIES)),
      );
    case 3:
    case 4:
      return user(
        'plan',
        'in',
        dice.times(1 + dice.below(3), () => dice.pick(PLANS)),
      );
    case 5:
      return {
        ...user(
          'key',
          'in',
          dice.times(1 + dice.below(9), () => `org-${dice.below(300)}`),
        ),
        contextKind: 'organization',
      };
    case 6:
    case 7:
      return user(
        '',
        'segmentMatch',
        dice.times(1 + dice.below(2), () => `segment-${dice.below(segments)}`),
      );
    case 8:
      return user(
        'email',
        'startsWith',
        dice.times(3, () => `user.${dice.below(99)}`),
      );
    case 9:
      return user(
        'email',
        'endsWith',
        dice.times(2, () => `@${dice.pick(DOMAINS)}`),
      );
    case 10:
      return user(
        '/address/city',
        'contains',
        dice.times(2, () => dice.pick(['on', 'er', 'ly', 'zz'])),
      );
    case 11:
      return user('email', 'matches', [`^user[._-]0*${dice.below(99)}[0-9]*@(?:[a-z]+\\.)+(?:com|test)$`, '\\+qa@']);
    case 12:
      return user('age', dice.pick(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']), [
        dice.below(90),
      ]);
    case 13:
      return user('signupDate', dice.pick(['before', 'after']), [date(dice)]);
    default:
      return user('appVersion', dice.pick(['semVerEqual', 'semVerLessThan', 'semVerGreaterThan']), [version(dice)]);
  }
}

function rollout(dice: Dice): JsonObject {
  const first = dice.below(100_001);
  const variations = [
    { variation: 0, weight: first },
    { variation: 1, weight: 100_000 - first },
  ];
  const experiment = dice.chance(0.2);
  return {
    rollout: {
      kind: experiment ? 'experiment' : 'rollout',
      contextKind: 'user',
      variations,
      ...(experiment ? { seed: dice.below(100_000) } : {}),
    },
  };
}

function flag(dice: Dice, index: number, segments: number): JsonObject {
  const serve = (): JsonObject => (dice.chance(0.4) ? rollout(dice) : { variation: dice.below(2) });
  const isOn = dice.chance(0.8);
  return {
    key: `flag-${String(index).padStart(4, '0')}`,
    version: 1 + dice.below(200),
    on: isOn,
    salt: `${dice.below(2 ** 31).toString(16)}${dice.below(2 ** 31).toString(16)}`,
    variations: dice.pick<Json[]>([
      [true, false],
      ['control', 'treatment'],
      [{ size: 10, color: 'blue' }, { size: 20 }],
    ]),
    offVariation: 0,
    fallthrough: serve(),
    prerequisites:
      index > 10 && dice.chance(0.2) ? [{ key: `flag-${String(dice.below(10)).padStart(4, '0')}`, variation: 0 }] : [],
    targets: dice.chance(0.25) ? [{ variation: 1, values: dice.times(1 + dice.below(15), () => userKey(dice)) }] : [],
    contextTargets: [],
    rules: dice.chance(0.7)
      ? dice.times(1 + dice.below(5), (rule) => ({
          id: `rule-${index}-${rule}`,
          ...serve(),
          clauses: dice.times(1 + dice.below(3), () => clause(dice, segments)),
          trackEvents: dice.chance(0.05),
        }))
      : [],
    trackEvents: dice.chance(0.2),
    trackEventsFallthrough: false,
    debugEventsUntilDate: null,
    clientSideAvailability: { usingMobileKey: dice.chance(0.7), usingEnvironmentId: dice.chance(0.7) },
  };
}

function segment(dice: Dice, index: number): JsonObject {
  return {
    key: `segment-${index}`,
    version: 1,
    salt: `salt-${index}`,
    included: dice.times(index % 5 === 0 ? 1000 : 5, () => userKey(dice)),
    excluded: dice.times(dice.below(4), () => userKey(dice)),
    rules: dice.times(dice.below(3), () => ({
      clauses: [clause(dice, index === 0 ? 1 : index)],
      weight: dice.below(100_001),
    })),
  };
}

function context(dice: Dice): JsonObject {
  const user: JsonObject = {
    key: userKey(dice),
    name: 'Ada Okafor',
    email: `user.${dice.below(9999)}@${dice.pick(DOMAINS)}`,
    country: dice.pick(COUNTRIES),
    plan: dice.pick(PLANS),
    age: dice.below(90),
    appVersion: version(dice),
    signupDate: date(dice),
    groups: dice.times(dice.below(4), () => dice.pick(PLANS)),
    address: { city: dice.pick(['Lyon', 'Oslo', 'Denver', 'London']), zip: String(dice.below(99_999)) },
  };
  if (!dice.chance(0.3)) return { kind: 'user', ...user };
  return { kind: 'multi', user, organization: { key: `org-${dice.below(300)}`, size: dice.below(5000) } };
}

/** Generates the data of a size with 1,000 contexts, 30 % of them multi-kind. */
export function benchData(size: SizeName, seed = 1): BenchData {
  const dice = new Dice(seed);
  const { flags, segments } = SIZES[size];
  const byKey = (items: JsonObject[]) => Object.fromEntries(items.map((item) => [item.key as string, item]));
  return {
    flags: byKey(dice.times(flags, (index) => flag(dice, index, segments))),
    segments: byKey(dice.times(segments, (index) => segment(dice, index))),
    contexts: dice.times(1000, () => context(dice)),
  };
}
