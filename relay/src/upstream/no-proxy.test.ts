import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNoProxy } from './no-proxy.ts';

const cases: readonly [rules: string, host: string, port: number, direct: boolean][] = [
  ['', 'stream.launchdarkly.com', 443, false],
  ['', 'localhost', 443, true],
  ['', '127.0.0.5', 80, true],
  ['', '::1', 80, true],
  ['*', 'anything.example', 443, true],
  ['example.com', 'example.com', 443, true],
  ['example.com', 'a.EXAMPLE.com.', 443, true],
  ['example.com', 'notexample.com', 443, false],
  ['.example.com', 'example.com', 443, false],
  ['.example.com', 'a.example.com', 443, true],
  ['*.example.com', 'example.com', 443, false],
  ['*.example.com', 'a.b.example.com', 443, true],
  ['example.com:8443', 'example.com', 443, false],
  ['example.com:8443', 'example.com', 8443, true],
  ['10.0.0.0/8, 192.168.1.1', '10.9.8.7', 443, true],
  ['10.0.0.0/8, 192.168.1.1', '192.168.1.1', 443, true],
  ['10.0.0.0/8, 192.168.1.1', '11.0.0.1', 443, false],
  ['fd00::/8', 'fd12::1', 443, true],
  ['[fd00::1]', 'fd00::1', 443, true],
  ['192.168.1.1:8080', '192.168.1.1', 8080, true],
  ['192.168.1.1:8080', '192.168.1.1', 80, false],
  ['10.0.0.0/99', '10.0.0.1', 80, false],
];

for (const [rules, host, port, direct] of cases) {
  test(`NO_PROXY "${rules}": ${host}:${port} is reached ${direct ? 'directly' : 'through the proxy'}`, () => {
    assert.equal(parseNoProxy(rules)(host, port), direct);
  });
}
