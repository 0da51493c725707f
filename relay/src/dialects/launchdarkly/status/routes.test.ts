import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from '../../../testing/client.ts';
import { KEYS, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';

describe('/status (contract 3, 11.1)', () => {
  let relay: TestRelay;
  const get = async (path: string) => {
    const answer = await ask(relay.port, path);
    return { status: answer.status, body: JSON.parse(answer.text) };
  };
  before(async () => {
    relay = await startTestRelay({
      environments: [
        { name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, projKey: 'proj' },
        { name: 'bad', sdkKey: 'sdk-98e2b0b4-2688-4a59-9810-1e0e3d798989' },
      ],
    });
    await untilReady(relay);
  });
  after(() => relay.close());

  test('members, keys obscured', async () => {
    const { status, body } = await get('/status');
    assert.equal(status, 200);
    assert.equal(body.status, 'degraded');
    assert.equal(typeof body.version, 'string');
    const one = body.environments.test;
    assert.equal(one.sdkKey, 'sdk-********-****-****-****-*******00001');
    assert.equal(one.mobileKey, 'mob-********-****-****-****-*******00001');
    assert.equal(one.envId, KEYS.env);
    assert.equal(one.status, 'connected');
    assert.equal(one.connectionStatus.state, 'VALID');
    assert.equal(one.dataStoreStatus.state, 'VALID');
    const bad = body.environments.bad;
    assert.equal(bad.sdkKey, 'sdk-********-****-****-****-*******98989');
    assert.equal(bad.connectionStatus.state, 'OFF');
    assert.equal(bad.connectionStatus.lastError.kind, 'ERROR_RESPONSE');
  });

  test('one environment: by name, by client-side ID, by project and environment', async () => {
    for (const path of ['/status/test', `/status/${KEYS.env}`, '/status/proj/test']) {
      const { status, body } = await get(path);
      assert.equal(status, 200, path);
      assert.equal(body.envId, KEYS.env);
    }
    assert.equal((await get('/status/bad')).status, 503);
    assert.equal((await get('/st%61tus/test')).status, 200);
    assert.equal((await get('/status/nosuch')).status, 404);
    assert.equal((await get('/status/proj/test/filters/nosuch')).status, 404);
  });

  test('assertions by ?expect=', async () => {
    const expect = (...expressions: string[]) =>
      get(`/status?${expressions.map((one) => `expect=${encodeURIComponent(one)}`).join('&')}`);
    const good = await expect('environments.test.status=connected', 'environments.bad.status!=connected');
    assert.equal(good.status, 200);
    assert.equal(good.body.satisfied, true);
    assert.equal(good.body.results[0].actual, 'connected');
    assert.equal((await expect('status=healthy')).status, 412);
    assert.equal((await expect('environments.nosuch.status=connected')).status, 422);
    assert.equal((await expect('environments.test=x')).status, 422);
    assert.equal((await expect('nonsense')).status, 400);
  });

  test('other methods are 405, the trailing slash is 404', async () => {
    assert.equal((await ask(relay.port, '/status', { method: 'POST' })).status, 405);
    assert.equal((await ask(relay.port, '/status', { method: 'HEAD' })).status, 405);
    assert.equal((await ask(relay.port, '/status/')).status, 404);
    assert.equal((await ask(relay.port, '/nosuch')).text, '404 page not found\n');
  });
});
