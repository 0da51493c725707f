import { type Kind, LD_RELAY_OPTIONS } from './options.ts';

/** A configuration of an ld-relay: the text of its file, its variables, or both. */
export interface Configuration {
  /** Absent: no file is given. */
  readonly ini?: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Values of each kind: what ld-relay takes, at the edges and beyond, and what it does not. */
const VALUES: Readonly<Record<Kind, { readonly legal: readonly string[]; readonly illegal: readonly string[] }>> = {
  count: { legal: ['1', '1000', '+7'], illegal: ['0', '-1', '1.5', 'many', '1e3', '0x10'] },
  duration: {
    legal: ['300ms', '10s', '1h30m', '100ms', '1.5s', '2m'],
    illegal: ['5', '1 s', '1d', 's', 'soon', '0', '-1s', '99ms'],
  },
  level: { legal: ['debug', 'INFO', 'warn', 'Error', 'none'], illegal: ['loud', 'warning', 'trace', '1'] },
  list: { legal: ['https://a.test', 'https://a.test,https://b.test', '*', 'X-One, X-Two'], illegal: [',', 'a,,b'] },
  path: { legal: ['/dev/null'], illegal: ['/no/such/file'] },
  port: { legal: ['8040', '1', '65535'], illegal: ['0', '-1', '65536', 'http', '80.5', 'tcp://10.0.0.1:8030'] },
  redisPort: { legal: ['6379', '1'], illegal: ['0', '-5', 'redis', 'tcp://10.0.0.1:6379'] },
  redisUrl: {
    legal: ['redis://localhost:6379', 'rediss://u:p@host.test', 'redis://host.test:6379/2'],
    illegal: ['http://host.test', 'host.test:6379', '/relative', 'redis://'],
  },
  secret: { legal: ['sdk-one', 'two words', 'a'], illegal: ['sdk-é', ' sdk-blank '] },
  size: {
    legal: ['1B', '100KiB', '1MiB', '2GiB', '10KB'],
    illegal: ['0B', '100', '1.5KiB', '-1B', 'big', '1 KiB', '1kib'],
  },
  switch: {
    legal: ['true', 'false', '1', '0', 'TRUE', 'yes', 'no'],
    illegal: ['maybe', 'on', 'off', 't', '2', 'True '],
  },
  text: { legal: ['some-text', 'p-$CID', 'text with blanks', 'ünïcode'], illegal: ['$CID', '"quoted"'] },
  tlsVersion: { legal: ['1.0', '1.1', '1.2', '1.3'], illegal: ['1.4', 'TLS12', '1', '1.2.0'] },
  url: {
    legal: ['http://127.0.0.1:1', 'https://host.test/path', 'HTTP://host.test'],
    illegal: ['ftp://host.test', 'host.test', '/relative', 'http://', '://x', 'http://host.test:port'],
  },
};

/** What INI files have beside keys with values. */
const ODD_LINES = [
  '# a comment',
  '; another',
  'unknownKey = 1',
  '[Unknown]',
  '[Main "name"]',
  '[Environment]',
  'no equals sign here',
  '[Main',
  'port = 8030 # a comment',
  'logLevel = "debug"',
  'logLevel = "debug',
  'apiKey = sdk-one',
];

/** A stream of numbers from 0 to 1 that a seed determines (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The configuration of a seed: always the same. Some three in five are legal. */
export function configurationOf(seed: number): Configuration {
  const next = numbersOf(seed);
  const chance = (part: number): boolean => next() < part;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const place = pick(['variables', 'variables', 'variables', 'file', 'file', 'both'] as const);
  const env: Record<string, string> = {};
  const sections = new Map<string, string[]>();
  const names = pick([['one'], ['one'], ['one', 'Two']]);
  const put = (option: (typeof LD_RELAY_OPTIONS)[number], value: string, name: string): void => {
    const [section, key, variable] = option;
    const isNamed = variable.endsWith('_') || section === 'Environment';
    const inFile = place === 'file' || (place === 'both' && chance(0.5));
    if (inFile && key !== '') {
      const header = isNamed ? `[${section} "${name}"]` : chance(0.9) ? `[${section}]` : `[${section.toUpperCase()}]`;
      const written = chance(0.9) ? key : key.toLowerCase();
      const lines = sections.get(header) ?? [];
      sections.set(header, lines);
      lines.push(option[3] === 'switch' && value === 'true' && chance(0.3) ? written : `${written} = ${value}`);
    } else if (!inFile && variable !== '') {
      env[isNamed ? `${variable}${name}` : variable] = value;
    }
  };
  const named = (key: string): (typeof LD_RELAY_OPTIONS)[number] =>
    LD_RELAY_OPTIONS.find(([section, own, variable]) => `${section}.${own}` === key || variable === key)!;
  const mode = next();
  if (mode < 0.75) for (const name of names) put(named('Environment.sdkKey'), `sdk-${name}`, name);
  if (mode > 0.7 && mode < 0.9) put(named('AutoConfig.key'), 'rel-one', '');
  if (mode > 0.88 && mode < 0.97) put(named('OfflineMode.fileDataSource'), '/dev/null', '');
  if (chance(0.2)) put(named('USE_REDIS'), 'true', '');
  if (chance(0.3)) for (const name of names) put(named('Environment.prefix'), `prefix-${name}`, name);
  for (let left = Math.floor(next() * 6); left > 0; left -= 1) {
    const option = pick(LD_RELAY_OPTIONS);
    const { legal, illegal } = VALUES[option[3]];
    put(option, chance(0.85) ? pick(legal) : pick(illegal), pick(names));
  }
  if (place === 'variables') {
    if (chance(0.03)) env[pick(['REDIS_TTL', 'EVENTS_SAMPLING_INTERVAL', 'LD_TTL_MINUTES_one'])] = '5';
    return { env };
  }
  const lines = [...sections].flatMap(([header, keys]) => [header, ...keys]);
  if (chance(0.15)) lines.splice(Math.floor(next() * (lines.length + 1)), 0, pick(ODD_LINES));
  return { ini: `${lines.join('\n')}\n`, env };
}
