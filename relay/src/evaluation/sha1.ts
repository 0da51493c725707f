const words = new Int32Array(80);
const state = new Int32Array(5);

function compress(message: Uint8Array, offset: number): void {
  for (let i = 0, at = offset; i < 16; i++, at += 4) {
    words[i] = (message[at]! << 24) | (message[at + 1]! << 16) | (message[at + 2]! << 8) | message[at + 3]!;
  }
  for (let i = 16; i < 80; i++) {
    const mixed = words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!;
    words[i] = (mixed << 1) | (mixed >>> 31);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let i = 0; i < 20; i++) {
    const next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + 0x5a827999 + words[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 20; i < 40; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9eba1 + words[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 40; i < 60; i++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + 0x8f1bbcdc + words[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let i = 60; i < 80; i++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0xca62c1d6 + words[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
}

let message = new Uint8Array(256);

/**
 * SHA-1 of `prefix` followed by `value`, left in {@link digest}. A function of its own because bucketing needs only the
 * first 60 bits of very short inputs, for which calling into OpenSSL costs twice as much.
 */
export function sha1(prefix: Uint8Array, value: Uint8Array): void {
  const length = prefix.length + value.length;
  const padded = (length + 9 + 63) & ~63;
  if (padded > message.length) message = new Uint8Array(padded * 2);
  message.set(prefix);
  message.set(value, prefix.length);
  message[length] = 0x80;
  message.fill(0, length + 1, padded - 5);
  message[padded - 5] = length >>> 29;
  message[padded - 4] = length >>> 21;
  message[padded - 3] = length >>> 13;
  message[padded - 2] = length >>> 5;
  message[padded - 1] = length << 3;
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  for (let offset = 0; offset < padded; offset += 64) compress(message, offset);
  // A single huge value must not pin its memory for good.
  if (message.length > 65_536) message = new Uint8Array(256);
}

/** The five 32-bit words of the last {@link sha1}, signed. Overwritten by the next call. */
export const digest: Readonly<Int32Array> = state;
