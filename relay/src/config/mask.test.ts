import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayConfig } from './document.ts';
import { maskedText } from './mask.ts';

function masked(url: string): string {
  return (JSON.parse(maskedText({ redis: { url } } as unknown as RelayConfig)) as { redis: { url: string } }).redis.url;
}

test('nothing of a password is shown, whatever characters are in it', () => {
  for (const [url, shown] of [
    ['redis://user:pass@host:6379/1', 'redis://user:…@host:6379/1'],
    ['redis://:pass@word@host', 'redis://:…@host'],
    ['redis://:pa,ss@wo:rd@host', 'redis://:…@host'],
    ['redis://:pa/ss@host/0', 'redis://:…@host/0'],
    ['rediss://a:p@1@h1:1,redis://b:p@2@h2:2', 'rediss://a:…@h1:1,redis://b:…@h2:2'],
    ['http://proxy:8080', 'http://proxy:8080'],
    ['redis://user@host:6379', 'redis://user@host:6379'],
  ] as const) {
    assert.equal(masked(url), shown);
  }
});
