import { createHash } from 'node:crypto';

// The message of one block, then the words that are mixed of it.
const words = new Int32Array(80);
const state = new Int32Array(5);

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Hashes the block in the first 16 of {@link words}. Five steps at a time, so that no variable has to be moved. */
function compress(): void {
  for (let i = 16; i < 80; i++) {
    words[i] = rotate(words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!, 1);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let i = 0; i < 20; i += 5) {
    e = (e + rotate(a, 5) + (d ^ (b & (c ^ d))) + 0x5a827999 + words[i]!) | 0;
    b = rotate(b, 30);
    d = (d + rotate(e, 5) + (c ^ (a & (b ^ c))) + 0x5a827999 + words[i + 1]!) | 0;
    a = rotate(a, 30);
    c = (c + rotate(d, 5) + (b ^ (e & (a ^ b))) + 0x5a827999 + words[i + 2]!) | 0;
    e = rotate(e, 30);
    b = (b + rotate(c, 5) + (a ^ (d & (e ^ a))) + 0x5a827999 + words[i + 3]!) | 0;
    d = rotate(d, 30);
    a = (a + rotate(b, 5) + (e ^ (c & (d ^ e))) + 0x5a827999 + words[i + 4]!) | 0;
    c = rotate(c, 30);
  }
  for (let i = 20; i < 40; i += 5) {
    e = (e + rotate(a, 5) + (b ^ c ^ d) + 0x6ed9eba1 + words[i]!) | 0;
    b = rotate(b, 30);
    d = (d + rotate(e, 5) + (a ^ b ^ c) + 0x6ed9eba1 + words[i + 1]!) | 0;
    a = rotate(a, 30);
    c = (c + rotate(d, 5) + (e ^ a ^ b) + 0x6ed9eba1 + words[i + 2]!) | 0;
    e = rotate(e, 30);
    b = (b + rotate(c, 5) + (d ^ e ^ a) + 0x6ed9eba1 + words[i + 3]!) | 0;
    d = rotate(d, 30);
    a = (a + rotate(b, 5) + (c ^ d ^ e) + 0x6ed9eba1 + words[i + 4]!) | 0;
    c = rotate(c, 30);
  }
  for (let i = 40; i < 60; i += 5) {
    e = (e + rotate(a, 5) + ((b & c) | (d & (b | c))) + 0x8f1bbcdc + words[i]!) | 0;
    b = rotate(b, 30);
    d = (d + rotate(e, 5) + ((a & b) | (c & (a | b))) + 0x8f1bbcdc + words[i + 1]!) | 0;
    a = rotate(a, 30);
    c = (c + rotate(d, 5) + ((e & a) | (b & (e | a))) + 0x8f1bbcdc + words[i + 2]!) | 0;
    e = rotate(e, 30);
    b = (b + rotate(c, 5) + ((d & e) | (a & (d | e))) + 0x8f1bbcdc + words[i + 3]!) | 0;
    d = rotate(d, 30);
    a = (a + rotate(b, 5) + ((c & d) | (e & (c | d))) + 0x8f1bbcdc + words[i + 4]!) | 0;
    c = rotate(c, 30);
  }
  for (let i = 60; i < 80; i += 5) {
    e = (e + rotate(a, 5) + (b ^ c ^ d) + 0xca62c1d6 + words[i]!) | 0;
    b = rotate(b, 30);
    d = (d + rotate(e, 5) + (a ^ b ^ c) + 0xca62c1d6 + words[i + 1]!) | 0;
    a = rotate(a, 30);
    c = (c + rotate(d, 5) + (e ^ a ^ b) + 0xca62c1d6 + words[i + 2]!) | 0;
    e = rotate(e, 30);
    b = (b + rotate(c, 5) + (d ^ e ^ a) + 0xca62c1d6 + words[i + 3]!) | 0;
    d = rotate(d, 30);
    a = (a + rotate(b, 5) + (c ^ d ^ e) + 0xca62c1d6 + words[i + 4]!) | 0;
    c = rotate(c, 30);
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
}

/** What is hashed before a value, made ready once. */
export interface HashPrefix {
  readonly bytes: Uint8Array;
  /** The bytes as the words of a block, zeros behind them; undefined when they fill more than one block. */
  readonly block: Int32Array | undefined;
}

// What fits into one block beside the mark of the end and the length.
const ONE_BLOCK = 55;
const TWO_BLOCKS = ONE_BLOCK + 64;

// A message of up to two blocks.
const pair = new Int32Array(32);

/** Makes a prefix ready for {@link sha1}. */
export function hashPrefix(bytes: Uint8Array): HashPrefix {
  if (bytes.length > ONE_BLOCK) return { bytes, block: undefined };
  const block = new Int32Array(16);
  bytes.forEach((byte, index) => {
    block[index >> 2]! |= byte << (24 - 8 * (index & 3));
  });
  return { bytes, block };
}

/** From so many bytes on OpenSSL is faster, by the call into it and back. */
export const LONG_BYTES = 1024;

const message = new Uint8Array((LONG_BYTES + 9 + 63) & ~63);

/** Hashes a message that does not fit into two blocks. */
function hashMore(prefix: Uint8Array, value: Uint8Array): void {
  const length = prefix.length + value.length;
  if (length > LONG_BYTES) {
    sha1Long(prefix, value);
    return;
  }
  begin();
  const padded = (length + 9 + 63) & ~63;
  message.set(prefix);
  message.set(value, prefix.length);
  message[length] = 0x80;
  message.fill(0, length + 1, padded - 5);
  message[padded - 5] = length >>> 29;
  message[padded - 4] = length >>> 21;
  message[padded - 3] = length >>> 13;
  message[padded - 2] = length >>> 5;
  message[padded - 1] = length << 3;
  for (let offset = 0; offset < padded; offset += 64) {
    for (let i = 0, at = offset; i < 16; i++, at += 4) {
      words[i] = (message[at]! << 24) | (message[at + 1]! << 16) | (message[at + 2]! << 8) | message[at + 3]!;
    }
    compress();
  }
}

/** As {@link sha1} for a message of any length: of a prefix, a value and what is behind it, none of which is copied. */
export function sha1Long(prefix: Uint8Array, value: Uint8Array, suffix?: Uint8Array): void {
  const hash = createHash('sha1').update(prefix).update(value);
  if (suffix !== undefined) hash.update(suffix);
  const bytes = hash.digest();
  for (let word = 0; word < state.length; word++) state[word] = bytes.readInt32BE(word * 4);
}

function begin(): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
}

/**
 * SHA-1 of `prefix` followed by `value`, left in {@link digest}. A function of its own because bucketing needs only the
 * first 60 bits of very short inputs, for which calling into OpenSSL costs several times as much.
 */
export function sha1({ bytes, block }: HashPrefix, value: Uint8Array): void {
  if (block !== undefined) {
    sha1Block(block, 0, bytes.length, value);
    return;
  }
  hashMore(bytes, value);
}

/** As {@link sha1}, for a prefix of `length` bytes whose block begins at `from` of `blocks`. */
export function sha1Block(blocks: Int32Array, from: number, length: number, value: Uint8Array): void {
  const total = length + value.length;
  if (total > TWO_BLOCKS) {
    hashMore(bytesOfBlock(blocks, from, length), value);
    return;
  }
  begin();
  pair.fill(0, 16);
  for (let i = 0; i < 16; i++) pair[i] = blocks[from + i]!;
  let at = length;
  for (let i = 0; i < value.length; i++, at++) {
    pair[at >> 2] = pair[at >> 2]! | (value[i]! << (24 - 8 * (at & 3)));
  }
  pair[at >> 2] = pair[at >> 2]! | (0x80 << (24 - 8 * (at & 3)));
  const isOne = total <= ONE_BLOCK;
  pair[isOne ? 15 : 31] = total << 3;
  for (let i = 0; i < 16; i++) words[i] = pair[i]!;
  compress();
  if (isOne) return;
  for (let i = 0; i < 16; i++) words[i] = pair[16 + i]!;
  compress();
}

/** The bytes of a prefix that was made a block, see {@link sha1Block}. */
export function bytesOfBlock(blocks: Int32Array, from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => blocks[from + (at >> 2)]! >>> (24 - 8 * (at & 3)));
}

/** The five 32-bit words of the last {@link sha1}, signed. Overwritten by the next call. */
export const digest: Readonly<Int32Array> = state;
