import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import { KEYS, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';
import { keyOf } from './select.ts';

const CONTEXT = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
const UNKNOWN_KEY = 'Relay Proxy does not recognize the client credential (missing or invalid Authorization header)\n';

describe('credential rules (contract 1.2)', () => {
  let relay: TestRelay;
  const get = (path: string, authorization?: string) =>
    ask(relay.port, path, authorization === undefined ? {} : { headers: { Authorization: authorization } });

  before(async () => {
    relay = await startTestRelay();
    await untilReady(relay);
  });
  after(() => relay.close());

  test('the raw key, and the key behind "api_key "', async () => {
    assert.equal((await get('/sdk/flags', KEYS.sdk)).status, 200);
    assert.equal((await get('/sdk/flags', `api_key ${KEYS.sdk}`)).status, 200);
    assert.equal((await get(`/msdk/evalx/contexts/${CONTEXT}`, KEYS.mobile)).status, 200);
  });

  test('header missing, empty, or with an inner space: 401 without a body', async () => {
    for (const authorization of [undefined, '', `Bearer ${KEYS.sdk}`, `Basic ${KEYS.sdk}`, `API_KEY ${KEYS.sdk}`]) {
      const answer = await get('/sdk/flags', authorization);
      assert.equal(answer.status, 401, authorization);
      assert.equal(answer.body.length, 0);
      assert.equal(answer.headers['content-type'], undefined);
    }
  });

  test('unknown key, or right key on the wrong family: 401 with text', async () => {
    for (const [path, key] of [
      ['/sdk/flags', 'sdk-00000000-0000-4000-8000-000000000000'],
      ['/mping', KEYS.sdk],
      ['/all', KEYS.mobile],
      ['/all', KEYS.env],
    ]) {
      const answer = await get(path!, key);
      assert.equal(answer.status, 401);
      assert.equal(answer.text, UNKNOWN_KEY);
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    }
  });

  test('unknown client-side ID: 404 with text, readable for a browser (row 7 of section 14)', async () => {
    const answer = await get(`/sdk/evalx/nosuch/contexts/${CONTEXT}`);
    assert.equal(answer.status, 404);
    assert.equal(answer.text, 'URL did not contain an environment ID\n');
    assert.equal(answer.headers['access-control-allow-origin'], '*');
  });

  test('known credential, unknown payload filter: 404 with text', async () => {
    const answer = await get('/sdk/flags?filter=nosuch', KEYS.sdk);
    assert.equal(answer.status, 404);
    assert.match(answer.text, /^Relay Proxy recognizes the provided credential, but the payload filter was not found/);
    assert.equal((await get('/sdk/flags?filter=', KEYS.sdk)).status, 200);
  });

  test('keys are taken out of the header as written', () => {
    assert.equal(keyOf('api_key    x'), 'x');
    assert.equal(keyOf('api_key '), undefined);
    assert.equal(keyOf('a b'), undefined);
  });
});

describe('environments that are not ready (contract 1.2, 9.1)', () => {
  test('inside the init timeout every route answers 503 text; afterwards it is let through without data', async () => {
    const slow = await startTestRelay();
    try {
      slow.upstream.mode(KEYS.sdk, 'silent');
      const late = await startTestRelay({
        // Longer than a relay that has just started keeps requests waiting for data.
        upstream: { streamUri: slow.upstream.url, initTimeoutMs: 5_000 },
      });
      try {
        const headers = { Authorization: KEYS.sdk };
        for (const path of ['/all', '/sdk/flags', `/sdk/evalx/contexts/${CONTEXT}`]) {
          const answer = await ask(late.port, path, { headers });
          assert.equal(answer.status, 503);
          assert.equal(answer.text, 'client was not initialized\n');
        }
        const preflight = await ask(late.port, `/ping/${KEYS.env}`, { method: 'OPTIONS' });
        assert.equal(preflight.status, 503);
        await eventually(async () => {
          const answer = await ask(late.port, `/sdk/evalx/contexts/${CONTEXT}`, { headers });
          assert.equal(answer.text, '{"message":"Service not initialized"}');
          assert.equal(answer.status, 503);
        }, 20_000);
        // Data that comes late heals it.
        slow.upstream.mode(KEYS.sdk, 'ok');
        await eventually(async () =>
          assert.equal((await ask(late.port, `/sdk/evalx/contexts/${CONTEXT}`, { headers })).status, 200),
        );
      } finally {
        await late.close();
      }
    } finally {
      await slow.close();
    }
  });

  test('an SDK key that upstream refuses makes the environment unknown; others go on (contract 9.1)', async () => {
    const refused = {
      sdk: 'sdk-22222222-0000-4000-8000-000000000002',
      mobile: 'mob-22222222-0000-4000-8000-000000000002',
      env: '5f0000000000000000000002',
    };
    const relay = await startTestRelay({
      environments: [
        { name: 'good', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env },
        { name: 'bad', sdkKey: refused.sdk, mobileKey: refused.mobile, envId: refused.env },
      ],
    });
    try {
      await untilReady(relay);
      await eventually(async () => {
        const answer = await ask(relay.port, '/sdk/flags', { headers: { Authorization: refused.sdk } });
        assert.equal(answer.status, 401);
        assert.equal(answer.text, UNKNOWN_KEY);
      });
      const mobile = await ask(relay.port, '/mping', { headers: { Authorization: refused.mobile } });
      assert.equal(mobile.status, 401);
      assert.equal((await ask(relay.port, `/ping/${refused.env}`)).status, 404);
      assert.equal((await ask(relay.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } })).status, 200);
      const status = JSON.parse((await ask(relay.port, '/status/bad')).text) as { status: string };
      assert.equal(status.status, 'disconnected');
    } finally {
      await relay.close();
    }
  });
});
