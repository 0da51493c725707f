import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import { KEYS, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';

describe('PHP polling (contract 1.6) and /sdk/latest-all', () => {
  let relay: TestRelay;
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask(relay.port, path, { headers: { Authorization: KEYS.sdk, ...headers } });

  before(async () => {
    relay = await startTestRelay({
      environments: [{ name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, ttlMs: 300_000 }],
    });
    await untilReady(relay);
  });
  after(() => relay.close());

  test('all flags, one flag, one segment', async () => {
    const flags = JSON.parse((await get('/sdk/flags')).text);
    assert.deepEqual(Object.keys(flags).sort(), ['one', 'two']);
    assert.equal(JSON.parse((await get('/sdk/flags/two')).text).version, 3);
    assert.equal(JSON.parse((await get('/sdk/segments/seg')).text).version, 2);
  });

  test('what does not exist is 404 without a body', async () => {
    const answer = await get('/sdk/flags/nosuch');
    assert.equal(answer.status, 404);
    assert.equal(answer.body.length, 0);
    assert.equal((await get('/sdk/segments/one')).status, 404);
  });

  test('tags are unquoted; 304 has neither body nor tag (row 10 of section 14)', async () => {
    const one = await get('/sdk/flags/two');
    assert.equal(one.headers.etag, 'relay-3');
    const all = await get('/sdk/flags');
    assert.match(all.headers.etag ?? '', /^relay-[0-9a-f]{15}$/);
    for (const [path, etag] of [
      ['/sdk/flags/two', 'relay-3'],
      ['/sdk/flags', all.headers.etag!],
    ]) {
      for (const sent of [etag!, `"${etag}"`, `W/"${etag}"`]) {
        const answer = await get(path!, { 'If-None-Match': sent });
        assert.equal(answer.status, 304);
        assert.equal(answer.headers.etag, undefined);
        assert.equal(answer.body.length, 0);
      }
      for (const sent of ['"zzz"', '*', `"a", ${etag}`]) {
        assert.equal((await get(path!, { 'If-None-Match': sent })).status, 200);
      }
    }
  });

  test('ttl adds Expires and Vary', async () => {
    const answer = await get('/sdk/flags');
    assert.match(answer.headers.vary ?? '', /Authorization/);
    const expires = Date.parse(answer.headers.expires ?? '');
    assert.ok(Math.abs(expires - Date.now() - 300_000) < 30_000);
  });

  test('/sdk/latest-all: flags and segments, tag, 304, compressed once', async () => {
    const answer = await get('/sdk/latest-all');
    const body = JSON.parse(answer.text);
    assert.deepEqual(Object.keys(body), ['flags', 'segments']);
    assert.equal(body.segments.seg.version, 2);
    const etag = answer.headers.etag!;
    assert.match(etag, /^"relay-[0-9a-f]+"$/);
    assert.equal((await get('/sdk/latest-all', { 'If-None-Match': etag })).status, 304);
  });

  test('shared bodies are compressed when they are worth it', async () => {
    relay.upstream.patchFlag(KEYS.sdk, {
      key: 'big',
      version: 1,
      on: false,
      offVariation: 0,
      variations: ['x'.repeat(5000)],
      salt: '',
    });
    await eventually(async () => assert.equal((await get('/sdk/flags/big')).status, 200));
    for (const path of ['/sdk/flags', '/sdk/latest-all']) {
      const plain = await get(path);
      const packed = await get(path, { 'Accept-Encoding': 'gzip' });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.equal(packed.headers.etag, plain.headers.etag);
      assert.equal(gunzipSync(packed.body).toString(), plain.text);
    }
  });

  test('a deletion changes the tag of all flags and takes the flag away', async () => {
    const before = (await get('/sdk/flags')).headers.etag;
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/one', version: 9 });
    await eventually(async () => assert.equal((await get('/sdk/flags/one')).status, 404));
    const after = await get('/sdk/flags');
    assert.notEqual(after.headers.etag, before);
    assert.ok(!('one' in JSON.parse(after.text)));
  });
});
