import { gzipSync } from 'node:zlib';
import type { Random } from './random.ts';
import { contextText, damaged, eventsText } from './values.ts';

/** Credentials that requests are made with. */
export interface Keys {
  readonly sdk: string;
  readonly mobile: string;
  readonly env: string;
}

/** One request as it goes over the wire. Its framing is right, so that others may follow it on the connection. */
export interface FuzzRequest {
  readonly method: string;
  /** Method, path and headers, for messages. */
  readonly head: string;
  readonly bytes: Buffer;
  /** It may open a stream, so that nothing behind it on the connection is answered. */
  readonly mayStream: boolean;
}

type Body = 'context' | 'events' | undefined;
interface Target {
  readonly method: string;
  readonly path: string;
  readonly key?: 'sdk' | 'mobile';
  readonly body?: Body;
}

const CONTEXT_PATHS: readonly Target[] = [
  { method: 'GET', path: '/sdk/evalx/contexts/{context}', key: 'sdk' },
  { method: 'GET', path: '/sdk/evalx/users/{context}', key: 'sdk' },
  { method: 'GET', path: '/msdk/evalx/contexts/{context}', key: 'mobile' },
  { method: 'GET', path: '/sdk/evalx/{env}/contexts/{context}' },
  { method: 'GET', path: '/eval/{env}/{context}' },
  { method: 'GET', path: '/meval/{context}', key: 'mobile' },
  { method: 'GET', path: '/sdk/poll/eval/{context}', key: 'mobile' },
  { method: 'REPORT', path: '/sdk/evalx/context', key: 'sdk', body: 'context' },
  { method: 'REPORT', path: '/msdk/evalx/user', key: 'mobile', body: 'context' },
  { method: 'REPORT', path: '/sdk/evalx/{env}/context', body: 'context' },
  { method: 'REPORT', path: '/eval/{env}', body: 'context' },
  { method: 'POST', path: '/sdk/poll/eval', key: 'mobile', body: 'context' },
];
const EVENT_PATHS: readonly Target[] = [
  { method: 'POST', path: '/bulk', key: 'sdk', body: 'events' },
  { method: 'POST', path: '/diagnostic', key: 'sdk', body: 'events' },
  { method: 'POST', path: '/mobile', key: 'mobile', body: 'events' },
  { method: 'POST', path: '/mobile/events/bulk', key: 'mobile', body: 'events' },
  { method: 'POST', path: '/events/bulk/{env}', body: 'events' },
  { method: 'GET', path: '/a/{env}.gif?d={context}' },
];
const OTHER_PATHS: readonly Target[] = [
  { method: 'GET', path: '/status' },
  { method: 'GET', path: '/sdk/goals/{env}' },
  { method: 'GET', path: '/sdk/flags', key: 'sdk' },
  { method: 'GET', path: '/sdk/flags/{name}', key: 'sdk' },
  { method: 'GET', path: '/sdk/segments/{name}', key: 'sdk' },
  { method: 'GET', path: '/sdk/latest-all', key: 'sdk' },
  { method: 'GET', path: '/sdk/poll?basis={name}', key: 'sdk' },
  { method: 'GET', path: '/all', key: 'sdk' },
  { method: 'GET', path: '/flags', key: 'sdk' },
  { method: 'GET', path: '/mping', key: 'mobile' },
  { method: 'GET', path: '/ping/{env}' },
];
const FAMILIES = [CONTEXT_PATHS, CONTEXT_PATHS, CONTEXT_PATHS, EVENT_PATHS, EVENT_PATHS, OTHER_PATHS];

const STREAMS = /^\/(all|flags|mping|ping|eval|meval)\b/;
const PATH_NOISE = [
  '/',
  '//',
  '/../',
  '/./',
  '%2F',
  '%',
  '%zz',
  '%00',
  '%ff',
  '+',
  ';',
  '?',
  '&',
  '=',
  '~',
  '"',
  '\\',
  'é',
  '%25',
];
const METHODS = ['GET', 'POST', 'REPORT', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['Origin', ['https://a.example', 'null', '']],
  ['Accept-Encoding', ['gzip', 'gzip;q=0', '*', 'br, gzip']],
  ['If-None-Match', ['*', '"x"', 'W/"', '']],
  ['X-LaunchDarkly-Event-Schema', ['1', '2', '3', '4', '', 'x', '1e9']],
  ['X-LaunchDarkly-Tags', ['application-id/a', 'a'.repeat(500), ':']],
  ['X-LaunchDarkly-Payload-ID', ['p', '']],
  ['Expect', ['100-continue', 'x']],
  ['Content-Type', ['application/json', 'text/plain', 'application/json; charset=x', '']],
  ['Access-Control-Request-Headers', ['x', '']],
  ['Last-Event-ID', ['1']],
  ['__proto__', ['x']],
  ['Cookie', ['a=b; '.repeat(200)]],
];

/** Makes the next request: a right one for some endpoint, then usually something about it made wrong. */
export function nextRequest(random: Random, keys: Keys): FuzzRequest {
  const target = random.pick(random.pick(FAMILIES));
  const headers = new Map([['Host', 'relay']]);
  if (target.key !== undefined) headers.set('Authorization', credential(random, keys, target.key));
  for (let count = random.below(3); count > 0; count--) {
    const [name, values] = random.pick(HEADERS);
    headers.set(name, random.pick(values));
  }
  let path = target.path
    .replace('{env}', random.chance(0.9) ? keys.env : random.pick([keys.sdk, 'x', '__proto__', '%00']))
    .replace('{context}', () => encoded(random, contextText(random)))
    .replace('{name}', () => random.pick(['one', 'two', 'seg', '__proto__', 'constructor', '%F0%9F%92%A5', 'nosuch']));
  if (random.chance(0.15)) path = damagedPath(random, path);
  if (random.chance(0.1))
    path += random.pick(['?withReasons=true', '?h=abc', '?filter=x', '?%zz=1&h', '?a=b;c', '?'.repeat(50)]);
  const method = random.chance(0.93) ? target.method : random.pick(METHODS);
  if (target.body === 'context' && random.chance(0.9)) headers.set('Content-Type', 'application/json');
  const body = target.body === undefined && random.chance(0.95) ? undefined : bodyOf(random, target.body, headers);
  const lines = [...headers].map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${path} HTTP/1.1`, ...lines].join('\r\n');
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'utf8'), body ?? Buffer.alloc(0)]);
  return { method, head, bytes, mayStream: STREAMS.test(target.path) };
}

function credential(random: Random, keys: Keys, kind: 'sdk' | 'mobile'): string {
  if (random.chance(0.9)) return keys[kind];
  return random.pick([
    `api_key ${keys.sdk}`,
    keys.mobile,
    keys.env,
    '',
    'sdk-',
    `${keys.sdk}x`,
    '__proto__',
    'é',
    `Bearer ${keys.sdk}`,
  ]);
}

function encoded(random: Random, text: string): string {
  const url = Buffer.from(text).toString('base64url');
  const choice = random.next();
  if (choice < 0.7) return url;
  if (choice < 0.8) return `${url}==`.slice(0, url.length + random.below(3));
  if (choice < 0.9) return encodeURIComponent(Buffer.from(text).toString('base64'));
  const at = random.below(url.length + 1);
  return url.slice(0, at) + random.pick(['%0A', '=', '.', '%20', '*', '-_', '%00']) + url.slice(at);
}

function damagedPath(random: Random, path: string): string {
  const at = 1 + random.below(path.length);
  return path.slice(0, at) + random.pick(PATH_NOISE) + path.slice(at + random.below(3));
}

/** A body in one of the framings that HTTP knows; what it holds may be anything. Sets the headers that describe it. */
function bodyOf(random: Random, kind: Body, headers: Map<string, string>): Buffer {
  const text = kind === 'context' ? contextText(random) : eventsText(random);
  let body: Buffer = Buffer.from(random.chance(0.05) ? damaged(random, text) : text);
  if (random.chance(0.15)) {
    headers.set('Content-Encoding', random.pick(['gzip', 'gzip', 'gzip', 'deflate', 'x']));
    const zipped = gzipSync(body);
    if (random.chance(0.8)) body = random.chance(0.7) ? zipped : zipped.subarray(0, random.below(zipped.length));
  }
  if (random.chance(0.85)) {
    headers.set('Content-Length', String(body.length));
    return body;
  }
  headers.set('Transfer-Encoding', 'chunked');
  const middle = random.below(body.length + 1);
  const chunks = [body.subarray(0, middle), body.subarray(middle)].filter((chunk) => chunk.length > 0);
  return Buffer.concat([
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
}
