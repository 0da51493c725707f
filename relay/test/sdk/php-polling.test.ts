import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Answer, ask } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';

/** What the PHP SDK sends: it asks for each flag and segment by itself and keeps answers in an HTTP cache (contract 1.6). */
const PHP = { Authorization: KEYS.sdk, Accept: 'application/json', 'User-Agent': 'PHPClient/6.4.0' };

describe('the HTTP calls of the PHP SDK (contract 1.6)', () => {
  let relay: TestRelay;
  const get = (path: string, etag?: string): Promise<Answer> =>
    ask(relay.port, path, { headers: etag === undefined ? PHP : { ...PHP, 'If-None-Match': etag } });
  before(async () => {
    relay = await startTestRelay({
      environments: [{ name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, ttlMs: 60_000 }],
    });
    await untilReady(relay);
  });
  after(() => relay.close());

  for (const path of ['/sdk/flags', '/sdk/flags/one', '/sdk/segments/seg']) {
    test(`${path} is 304 until it changes`, async () => {
      const first = await get(path);
      assert.equal(first.status, 200);
      const etag = first.headers.etag;
      assert.ok(etag, 'an ETag');
      assert.ok(first.headers.expires, 'an Expires, because of the TTL');
      for (let count = 0; count < 3; count++) {
        const again = await get(path, etag);
        assert.equal(again.status, 304);
        assert.equal(again.text, '');
      }
      const version = 100;
      if (path === '/sdk/segments/seg') {
        const data = { key: 'seg', version, included: ['bob'], excluded: [], rules: [], salt: 's' };
        relay.upstream.send(KEYS.sdk, 'patch', { path: '/segments/seg', data });
      } else relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', version + Math.floor(path.length), { on: false }));
      const changed = await eventually(async () => {
        const answer = await get(path, etag);
        assert.equal(answer.status, 200);
        return answer;
      });
      assert.notEqual(changed.headers.etag, etag);
      assert.equal((await get(path, changed.headers.etag)).status, 304);
    });
  }

  test('an unknown or deleted flag is 404, a wrong key 401', async () => {
    assert.equal((await get('/sdk/flags/nosuch')).status, 404);
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/two', version: 50 });
    await eventually(async () => assert.equal((await get('/sdk/flags/two')).status, 404));
    assert.equal(
      (await ask(relay.port, '/sdk/flags', { headers: { ...PHP, Authorization: 'sdk-wrong' } })).status,
      401,
    );
  });
});
