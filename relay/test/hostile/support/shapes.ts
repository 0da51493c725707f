import { gzipSync } from 'node:zlib';
import type { Random } from '../../fuzz/random.ts';
import { contextText, damaged, eventsText } from '../../fuzz/values.ts';
import { LIMITS } from './limits.ts';

/** How far sizes go: `bounded` stays within what a relay takes by default, `beyond` does not. */
export type Reach = 'bounded' | 'beyond';

const MIB = 2 ** 20;

/** A size in bytes, small ones as often as large ones. */
export function size(random: Random, reach: Reach, most: number): number {
  const limit = reach === 'beyond' && random.chance(0.2) ? most * 12 : most;
  return Math.max(64, Math.floor(limit ** random.next()));
}

const FILLERS: readonly ((random: Random, length: number) => string)[] = [
  (_, length) => 'a'.repeat(length),
  (_, length) => 'é'.repeat(length / 2),
  (_, length) => '@:%'.repeat(length / 3),
  (_, length) => '1'.repeat(length),
  (_, length) => `1.0.0-${'1.'.repeat(length / 2)}1`,
  (_, length) => '/a'.repeat(length / 2),
  (random, length) =>
    Array.from({ length: Math.min(length, 100_000) }, () => random.pick(['a', 'b', '.', '1', ' '])).join(''),
];

function filler(random: Random, length: number): string {
  return random.pick(FILLERS)(random, length);
}

const STRUCTURES: readonly ((length: number) => string)[] = [
  (length) => `[${'[],'.repeat(length / 3)}1]`,
  (length) => `[${'{},'.repeat(length / 3)}1]`,
  (length) => '['.repeat(length / 2) + ']'.repeat(length / 2),
  (length) => '{"a":'.repeat(length / 6) + 1 + '}'.repeat(length / 6),
  (length) => `[${'1e400,'.repeat(length / 6)}1]`,
  (length) => `"${'\\ud83d'.repeat(length / 6)}"`,
  (length) => `{${Array.from({ length: Math.floor(length / 12) }, (_, index) => `"n${index}":1`).join()}}`,
];

/** Text of a context, good or bad, of a size that is drawn. */
export function hostileContext(random: Random, reach: Reach): string {
  const length = size(random, reach, MIB - 200);
  const choice = random.next();
  if (choice < 0.3) return random.pick(LIMITS).context(length + 100);
  if (choice < 0.5) return JSON.stringify({ kind: 'user', key: filler(random, length) });
  if (choice < 0.65) return JSON.stringify({ kind: 'user', key: 'u', email: filler(random, length) });
  if (choice < 0.85) return `{"kind":"user","key":"u","x":${random.pick(STRUCTURES)(length)}}`;
  return random.chance(0.5)
    ? contextText(random)
    : damaged(random, JSON.stringify({ kind: 'user', key: filler(random, length) }));
}

const EVENTS: readonly ((random: Random, length: number) => string)[] = [
  (_, length) => `[${'[],'.repeat(length / 3)}[]]`,
  (random, length) =>
    `[{"kind":"feature","creationDate":1,"key":"k${random.below(9)}","user":{"key":"u"},"value":"${filler(random, length)}"}]`,
  (random, length) =>
    `[{"kind":"custom","creationDate":1e400,"key":"k","user":{"key":"${filler(random, length)}"},"metricValue":1e400}]`,
  (random, length) =>
    `[${Array.from({ length: Math.max(1, Math.floor(length / 90)) }, (_, index) => `{"kind":"index","creationDate":${index},"user":{"key":"u${random.below(1e9)}"}}`).join()}]`,
  (random) => eventsText(random),
];

/** Text of a batch of events of a size that is drawn. */
export function hostileEvents(random: Random, reach: Reach): string {
  return random.pick(EVENTS)(random, size(random, reach, MIB));
}

/** How a body is encoded: as it is, compressed, compressed and cut, or compressed without saying so. */
export function encoded(random: Random, text: string): { readonly body: Buffer; readonly headers: string } {
  const choice = random.next();
  if (choice < 0.6) return { body: Buffer.from(text), headers: '' };
  const body = gzipSync(text, { level: 1 });
  if (choice < 0.9) return { body, headers: 'Content-Encoding: gzip\r\n' };
  if (choice < 0.95) return { body: body.subarray(0, body.length / 2), headers: 'Content-Encoding: gzip\r\n' };
  return { body, headers: '' };
}

/** How a request is written: pieces of its bytes, and whether it is given up before its end. */
export interface Delivery {
  readonly pieces: readonly Buffer[];
  readonly abandoned: boolean;
}

/** A request with a body in one piece, in chunks of some size or in chunks of a byte, all of it or a part. */
export function delivery(random: Random, head: string, body: Buffer): Delivery {
  const abandoned = random.chance(0.1);
  const sent = abandoned ? body.subarray(0, random.below(body.length + 1)) : body;
  if (random.chance(0.5)) {
    return { pieces: [Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), sent], abandoned };
  }
  const chunk = random.pick([1, 7, 1000, 65_536]);
  const pieces: Buffer[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
  // So many tiny chunks at most: the rest comes in one.
  let at = 0;
  for (let count = 0; at < sent.length && count < 20_000; count++, at += chunk) {
    const part = sent.subarray(at, at + chunk);
    pieces.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  const rest = sent.subarray(at);
  if (rest.length > 0) pieces.push(Buffer.from(`${rest.length.toString(16)}\r\n`), rest, Buffer.from('\r\n'));
  if (!abandoned) pieces.push(Buffer.from('0\r\n\r\n'));
  return { pieces, abandoned };
}

const VERSIONS = ['1e400', '-1e400', '9007199254740993', '1e308', '-0', '2.5', '"1"', 'null', '[]'];

/** Text of a flag with members that cannot be, or that cost much. */
export function hostileFlag(random: Random, version: number): string {
  const odd = random.pick(VERSIONS);
  const length = size(random, 'bounded', 20_000);
  const members = random.pick([
    `"version":${odd}`,
    `"version":${version},"variations":[${odd}]`,
    `"version":${version},"rules":[{"clauses":[{"attribute":"email","op":"matches","values":["(a|b)*a[ab]{20}$"]}],"variation":0}]`,
    `"version":${version},"rules":[{"clauses":[{"attribute":"email","op":"contains","values":[${Array.from({ length: length / 12 }, (_, index) => `"v${index}"`).join()}]}],"variation":0}]`,
    `"version":${version},"prerequisites":[{"key":"one","variation":0},{"key":"odd","variation":${odd}}]`,
    `"version":${version},"targets":[{"variation":${odd},"values":["${filler(random, length)}"]}]`,
    `"version":${version},"debugEventsUntilDate":${odd}`,
    `"version":${version},"samplingRatio":${odd}`,
    `"version":${version},"salt":"${'s'.repeat(length)}","fallthrough":{"rollout":{"seed":${odd},"variations":[{"variation":0,"weight":100000}]}}`,
  ]);
  return `{"key":"odd","on":true,"variations":[1,2],"fallthrough":{"variation":0},"clientSideAvailability":{"usingEnvironmentId":true},${members}}`;
}

/** A frame of upstream's stream: changes with numbers that cannot be, cut or endless lines, comments, whole data sets. */
export function hostileFrame(random: Random, version: number): string {
  const flag = hostileFlag(random, version);
  switch (random.below(6)) {
    case 0:
      return `event: delete\ndata: {"path":"/flags/odd","version":${random.pick(VERSIONS)}}\n\n`;
    case 1:
      return `event: put\ndata: {"path":"/","data":{"flags":{"odd":${flag}},"segments":{}}}\n\n`;
    case 2:
      return `event: patch\ndata: ${damaged(random, `{"path":"/flags/odd","data":${flag}}`).replace(/[\r\n]/g, ' ')}\n\n`;
    case 3:
      return `:${'x'.repeat(size(random, 'bounded', MIB))}\n\n`;
    case 4:
      return `${'data: x\n'.repeat(size(random, 'bounded', 10_000))}\n`;
    default:
      return `event: patch\ndata: {"path":"/flags/odd","data":${flag}}\n\n`;
  }
}
