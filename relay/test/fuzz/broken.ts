import type { Random } from './random.ts';
import { type Keys, nextRequest } from './requests.ts';

/** Bytes that are no proper HTTP request: wrong framing, half a request, another protocol, noise. */
export function brokenBytes(random: Random, keys: Keys): Buffer {
  const head = (lines: readonly string[]): string =>
    `${[`POST /bulk HTTP/1.1`, 'Host: relay', `Authorization: ${keys.sdk}`, ...lines].join('\r\n')}\r\n\r\n`;
  const makers: readonly (() => string | Buffer)[] = [
    () =>
      `${head([`Content-Length: ${random.pick(['abc', '-1', '1e9', '0x10', '99999999999999999999', '', '5 5'])}`])}[]`,
    () => `${head(['Content-Length: 2', 'Content-Length: 3'])}[]`,
    () => `${head(['Content-Length: 2', 'Transfer-Encoding: chunked'])}0\r\n\r\n`,
    () =>
      `${head(['Transfer-Encoding: chunked'])}${random.pick(['zz', '-1', 'ffffffffffffffffff', '5'])}\r\n[]\r\n0\r\n\r\n`,
    () => `${head(['Transfer-Encoding: chunked'])}2;${'x'.repeat(random.below(20_000))}\r\n[]\r\n0\r\n\r\n`,
    () => `${head(['Transfer-Encoding: gzip, identity'])}[]`,
    () => `${head(['Content-Length: 1000'])}[{"kind":`,
    () => `${head(['No colon here'])}`,
    () => `${head([' folded: x'])}`,
    () => `${head([`X-${'\0'}: y`])}`,
    () => head([]).replaceAll('\r\n', '\n'),
    () =>
      random.pick([
        'GET /status',
        'GET / HTTP/9.9\r\n\r\n',
        'FOO /status HTTP/1.1\r\n\r\n',
        '\r\n\r\n\r\n',
        'GET  /status  HTTP/1.1\r\n\r\n',
      ]),
    () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    () => Buffer.from([0x16, 0x03, 0x01, 0x00, 0xa5, 0x01, 0x00, 0x00, 0xa1, 0x03, 0x03]),
    () => Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256))),
    () => {
      const { bytes } = nextRequest(random, keys);
      return bytes.subarray(0, random.below(bytes.length));
    },
    () => {
      const bytes = Buffer.from(nextRequest(random, keys).bytes);
      for (let count = 1 + random.below(5); count > 0; count--) bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
    },
  ];
  return Buffer.from(random.pick(makers)());
}
