import { LOG_LEVELS } from '@flagrelay/crds/severities';

/** What a value may be; decides how its text is read and how the documentation describes it. */
export type ValueType =
  | 'text'
  | 'secret'
  | 'path'
  | 'switch'
  | 'count'
  | 'number'
  | 'port'
  | 'redisPort'
  | 'duration'
  | 'size'
  | 'url'
  | 'redisUrl'
  | 'list'
  | 'level'
  | 'tlsVersion'
  | 'logFormat'
  | 'redisMode';

/** A value that was read: text, a switch, a number (ms for durations, bytes for sizes), or a list. */
export type Value = string | boolean | number | readonly string[];

/** A value that cannot be read. `message` says what was wrong and what is allowed, without the value of a secret. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/** What each type allows, in words for error messages and for the documentation. */
export const ALLOWED: Readonly<Record<ValueType, string>> = {
  text: 'any text',
  secret: 'text on one line; blanks and line ends around it do not count',
  path: 'a file path',
  switch: 'true or false (also yes/no, 1/0)',
  count: 'a whole number above 0',
  number: 'a whole number, 0 or above',
  port: 'a port number from 1 to 65535',
  redisPort: 'a port number from 1 to 65535, or tcp://HOST:PORT',
  duration: 'a number with a unit: ms, s, m or h, such as 300ms, 10s or 1h30m',
  size: 'a number with a unit: B, KiB, MiB or GiB, such as 100KiB',
  url: 'an absolute http or https URL',
  redisUrl: 'an absolute redis or rediss URL, or several separated by commas',
  list: 'a list separated by commas',
  level: 'one of debug, info, warn, error, none',
  tlsVersion: 'one of 1.0, 1.1, 1.2, 1.3',
  logFormat: 'json or text',
  redisMode: 'one of single, sentinel, cluster',
};

/** Reads the text of a value. Throws {@link ValueError}. */
export function parseValue(type: ValueType, text: string): Value {
  switch (type) {
    case 'text':
    case 'path':
      return text;
    case 'secret':
      return parseSecret(text);
    case 'switch':
      return parseSwitch(text);
    case 'count':
      return wholeNumber(text, type, Number.MAX_SAFE_INTEGER);
    case 'number':
      return wholeNumber(text, type, Number.MAX_SAFE_INTEGER, 0);
    case 'port':
      return wholeNumber(text, type, 65_535);
    case 'redisPort':
      return text.startsWith('tcp://') ? text : wholeNumber(text, type, 65_535);
    case 'duration':
      return parseDuration(text);
    case 'size':
      return parseSize(text);
    case 'url':
      return absoluteUrl(text, type, ['http:', 'https:']);
    case 'redisUrl':
      for (const one of text.split(',')) absoluteUrl(one.trim(), type, ['redis:', 'rediss:']);
      return text;
    case 'list':
      return text.split(',').map((entry) => entry.trim());
    case 'level':
      return choice(text.toLowerCase(), type, LOG_LEVELS);
    case 'tlsVersion':
      return choice(text, type, ['1.0', '1.1', '1.2', '1.3']);
    case 'logFormat':
      return choice(text.toLowerCase(), type, ['json', 'text']);
    case 'redisMode':
      return choice(text.toLowerCase(), type, ['single', 'sentinel', 'cluster']);
  }
}

function wrong(type: ValueType, text: string): ValueError {
  // A URL may carry a password, so its text is not repeated.
  const shown = type === 'url' || type === 'redisUrl' ? 'the value' : JSON.stringify(text);
  return new ValueError(`${shown} is not allowed; it must be ${ALLOWED[type]}`);
}

/** As the content of a secret's file: what `echo KEY | base64` adds to a key is no part of it. */
function parseSecret(text: string): string {
  const secret = text.trim();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(secret)) {
    throw new ValueError(`the value has a line break or control character in it; it must be ${ALLOWED.secret}`);
  }
  return secret;
}

function parseSwitch(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'yes' || lower === '1' || lower === 'on') return true;
  if (lower === 'false' || lower === 'no' || lower === '0' || lower === 'off') return false;
  throw wrong('switch', text);
}

function wholeNumber(text: string, type: ValueType, max: number, min = 1): number {
  const value = Number(text);
  if (!/^\+?\d+$/.test(text) || value < min || value > max) throw wrong(type, text);
  return value;
}

function choice(text: string, type: ValueType, allowed: readonly string[]): string {
  if (!allowed.includes(text)) throw wrong(type, text);
  return text;
}

function absoluteUrl(text: string, type: ValueType, protocols: readonly string[]): string {
  const url = URL.parse(text);
  if (!url || url.hostname === '' || !protocols.includes(url.protocol)) throw wrong(type, text);
  return text;
}

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Go's duration form (contract 4.1): `1h30m`, `-1s`, `1.5s`; a bare number is refused except `0`. Returns ms. Throws {@link ValueError}. */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(unsigned)) throw wrong('duration', text);
  let total = 0;
  for (const [, amount, unit] of unsigned.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  }
  return total === 0 ? 0 : sign * total;
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
};

/** `100B`, `10KiB`, `1.5MiB`, `1MiB512KiB` (contract 4.1); a unit is required. Returns whole bytes. Throws {@link ValueError}. */
export function parseSize(text: string): number {
  if (!/^(?:\d+(?:\.\d*)?\s*[a-z]+)+$/i.test(text)) throw wrong('size', text);
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d*)?)\s*([a-z]+)/gi)) {
    total += Number(amount) * (BYTES_PER_UNIT[unit.toLowerCase()] ?? Number.NaN);
  }
  const bytes = Math.floor(total);
  if (!Number.isSafeInteger(bytes)) throw wrong('size', text);
  return bytes;
}
