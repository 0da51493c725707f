import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact } from './redact.ts';

test('LaunchDarkly keys keep only their kind and their last four characters', () => {
  assert.equal(redact('key sdk-98e2b0b4-2688-4a59-9810-1e0e3d798989 refused'), 'key sdk-***8989 refused');
  assert.equal(redact('"mob-98e2b0b4-2688-4a59-9810-1e0e3d798989"'), '"mob-***8989"');
  assert.equal(redact('rel-9d1c6a2e-0000-4000-8000-00000000aaaa'), 'rel-***aaaa');
});

test('a password inside a URL is hidden, user and host stay (contract 6.5, "Log leak")', () => {
  assert.equal(redact('rediss://user:p@ss:w0rd@cache.example:6380/2'), 'rediss://user:xxxxx@cache.example:6380/2');
  assert.equal(
    redact('connect to redis://:secret@127.0.0.1:6379 failed'),
    'connect to redis://:xxxxx@127.0.0.1:6379 failed',
  );
});

test('values that are named as secrets are hidden', () => {
  assert.equal(redact('Authorization: abcdef'), 'Authorization: ***');
  assert.equal(redact('password=hunter2 next'), 'password=*** next');
});

test('ordinary text is left alone', () => {
  const text = 'server-side sdk-side mobile http://127.0.0.1:8030/status took 3 ms';
  assert.equal(redact(text), text);
});

test('a long text costs no more than its length', () => {
  for (const part of ['a.', 'a://', 'x://:', 'sdk-', 'password ', '@:']) {
    const text = part.repeat(100_000);
    const start = process.threadCpuUsage();
    redact(text);
    const { user } = process.threadCpuUsage(start);
    assert.ok(user < 2_000_000, `${part}: ${user} µs`);
  }
});
