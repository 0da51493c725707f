import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRedisUrl, RedisSettingsError } from './address.ts';

test('a plain URL', () => {
  assert.deepEqual(parseRedisUrl('redis://cache.example:6380/3'), {
    nodes: [{ host: 'cache.example', port: 6380 }],
    tls: false,
    database: 3,
    shown: 'redis://cache.example:6380/3',
  });
});

test('user and password are decoded, and the password is never shown', () => {
  const address = parseRedisUrl('rediss://me:p%40ss@h');
  assert.equal(address.username, 'me');
  assert.equal(address.password, 'p@ss');
  assert.equal(address.tls, true);
  assert.deepEqual(address.nodes, [{ host: 'h', port: 6379 }]);
  assert.equal(address.shown, 'rediss://me:xxxxx@h');
});

test('separate user and password beat those of the URL', () => {
  const address = parseRedisUrl('redis://:old@h', { username: 'relay', password: 'new' });
  assert.equal(address.password, 'new');
  assert.equal(address.shown, 'redis://relay:xxxxx@h');
  assert.equal(parseRedisUrl('redis://h', { password: 'p' }).shown, 'redis://:xxxxx@h');
});

test('several nodes, where only the first needs a scheme', () => {
  const address = parseRedisUrl('redis://:pw@a:1, b:2,[::1]:3', {}, 26_379);
  assert.deepEqual(address.nodes, [
    { host: 'a', port: 1 },
    { host: 'b', port: 2 },
    { host: '::1', port: 3 },
  ]);
  assert.equal(address.shown, 'redis://:xxxxx@a:1,b:2,[::1]:3');
});

for (const bad of ['http://h', 'redis://', 'redis://h/one', 'redis://h,http://i', '']) {
  test(`"${bad}" is refused without telling a secret`, () => {
    assert.throws(
      () => parseRedisUrl(bad, { password: 'secret' }),
      (error: Error) => {
        assert.ok(error instanceof RedisSettingsError);
        assert.match(error.message, /store\.redis\.url/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });
}
