import type { Random } from './random.ts';

/** Values as JSON text, because some of them no serialiser would write. */
const ODD = [
  ...['null', 'true', '0', '-0', '1e400', '-1e308', '1e-400', '123456789012345678901234567890', '01', 'NaN', '-', '.5'],
  ...[
    '""',
    '"a"',
    '"\\u0000"',
    '"\\ud800"',
    '"\\x41"',
    '"tab\t"',
    '"open',
    '"__proto__"',
    '"/a//b"',
    '"2020-01-01T00:00:00Z"',
  ],
  ...['[]', '{}', '[null]', '[[[]]]', '{"a":1,"a":2}', '{"__proto__":{"polluted":true}}', '{"key":""}', '{"key":"b"}'],
  '{"constructor":{"prototype":{"polluted":true}}}',
];
const NAMES = [
  ...[
    'kind',
    'key',
    'name',
    'anonymous',
    '_meta',
    'custom',
    'email',
    'privateAttributes',
    'secondary',
    'ip',
    'user',
    'org',
  ],
  ...['multi', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', 'a b', 'x:y', 'é'],
];
const NOISE = ['{', '}', '[', ']', '"', ',', ':', '\\', '\0', '\n', '\u2028', '\ufeff', '9', 'e', '💥'];

/** JSON text of any value, well-formed or not. */
export function oddValue(random: Random, depth = 0): string {
  if (depth < 3 && random.chance(0.2)) return oddObject(random, NAMES, depth + 1);
  return random.pick(ODD);
}

/** JSON text of an object with up to five members out of `names`, whose values are odd. */
export function oddObject(random: Random, names: readonly string[], depth = 0): string {
  const members = Array.from(
    { length: random.below(6) },
    () => `${JSON.stringify(random.pick(names))}:${oddValue(random, depth)}`,
  );
  return `{${members.join(',')}}`;
}

/** Text with one to three characters removed, added or replaced. */
export function damaged(random: Random, text: string): string {
  let result = text;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(result.length + 1);
    result = result.slice(0, at) + (random.chance(0.6) ? random.pick(NOISE) : '') + result.slice(at + random.below(2));
  }
  return result;
}

/** JSON text of a context: valid, with odd members, of several kinds, damaged, or no context at all. */
export function contextText(random: Random): string {
  const choice = random.next();
  if (choice < 0.2) return JSON.stringify({ kind: 'user', key: `user-${random.below(1000)}`, name: 'Ada' });
  if (choice < 0.6) return `{"kind":"user","key":"u",${oddObject(random, NAMES).slice(1)}`.replace(',}', '}');
  if (choice < 0.75)
    return `{"kind":"multi","user":{"key":"u"},${oddObject(random, NAMES).slice(1)}`.replace(',}', '}');
  if (choice < 0.9) return damaged(random, '{"kind":"org","key":"o","address":{"city":"Lyon"},"groups":["a","b"]}');
  return oddValue(random);
}

const EVENT_NAMES = [
  ...[
    'kind',
    'creationDate',
    'key',
    'user',
    'context',
    'contextKeys',
    'value',
    'default',
    'version',
    'variation',
    'data',
  ],
  ...[
    'features',
    'startDate',
    'endDate',
    'metricValue',
    'trackEvents',
    'debugEventsUntilDate',
    'prereqOf',
    '__proto__',
  ],
];
const EVENT_KINDS = [
  'feature',
  'summary',
  'identify',
  'index',
  'custom',
  'debug',
  'alias',
  'click',
  'diagnostic',
  '',
  '__proto__',
];

/** JSON text of a batch of analytics events, often with odd members, sometimes no batch at all. */
export function eventsText(random: Random): string {
  if (random.chance(0.1)) return oddValue(random);
  const events = Array.from({ length: random.below(5) }, () => {
    const kind = JSON.stringify(random.pick(EVENT_KINDS));
    return `{"kind":${kind},"creationDate":${1.7e12 + random.below(1e9)},${oddObject(random, EVENT_NAMES).slice(1)}`.replace(
      ',}',
      '}',
    );
  });
  const batch = `[${events.join(',')}]`;
  return random.chance(0.2) ? damaged(random, batch) : batch;
}
