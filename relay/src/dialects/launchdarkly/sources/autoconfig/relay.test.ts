import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, openStream } from '../../../../testing/client.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { KEYS, sampleData, startTestRelay, type TestRelay, untilReady } from '../../../../testing/relay.ts';
import { startSseServer, type TestSseServer, type TestStream } from '../../../../testing/sse-server.ts';

const rep = (version: number, more: object = {}) => ({
  envID: KEYS.env,
  envKey: 'production',
  envName: 'Production',
  projKey: 'shop',
  projName: 'Shop',
  mobKey: KEYS.mobile,
  sdkKey: { value: KEYS.sdk },
  defaultTtl: 0,
  secureMode: false,
  version,
  ...more,
});

const FORMER = 'sdk-c0ffee00-aaaa-4bbb-8ccc-0123456789ab';
const SECOND = 'mob-c0ffee00-aaaa-4bbb-8ccc-0123456789ab';

describe('a relay with AutoConfig (contract 8)', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-autoconfig-'));
  const cacheFile = join(directory, 'environments');
  let server: TestSseServer;
  let relay: TestRelay;
  let list: TestStream;

  const start = () =>
    startTestRelay({
      environments: [],
      autoConfig: { key: 'rel-00000000-0000-4000-8000-000000000000', cacheFile },
      upstream: { streamUri: server.url },
    });
  /** Takes requests until one for `path` comes, and answers it. */
  const serve = async (path: string, event: string, data: unknown): Promise<TestStream> => {
    for (;;) {
      const stream = await server.next();
      if (stream.request.url?.replace('?rpacProtocolVersion=2', '') !== path) stream.cut();
      else {
        stream.event(event, data);
        return stream;
      }
    }
  };
  const flags = (Authorization: string = KEYS.sdk) => ask(relay.port, '/sdk/flags', { headers: { Authorization } });
  const status = async () => JSON.parse((await ask(relay.port, '/status')).text);

  before(async () => {
    server = await startSseServer();
    const starting = start();
    // Upstream is there, but does not give out the list yet.
    (await server.next()).response.writeHead(503).end();
    relay = await starting;
  });
  after(async () => {
    await relay.close();
    await server[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  test('before the list: 503 that says so, status degraded without environments, not ready', async () => {
    const answer = await flags();
    assert.equal(answer.status, 503);
    assert.match(answer.text, /does not have list of environments yet/);
    assert.equal((await flags(`Bearer ${KEYS.sdk}`)).status, 401);
    const { environments, status: health } = await status();
    assert.deepEqual([environments, health], [{}, 'degraded']);
    assert.equal(relay.relay.overview.readiness().ready, false);
  });

  test('the list: environments are served under their ids', async () => {
    list = await serve('/relay_auto_config', 'put', { path: '/', data: { environments: { [KEYS.env]: rep(1) } } });
    await serve('/all', 'put', { path: '/', data: sampleData() });
    await untilReady(relay);
    assert.equal((await flags()).status, 200);
    const one = (await status()).environments[KEYS.env];
    assert.deepEqual(
      [one.envKey, one.envName, one.projKey, one.status],
      ['production', 'Production', 'shop', 'connected'],
    );
  });

  test('one bad environment and one bad filter are named in status and metrics, and hold nothing back', async () => {
    const data = {
      environments: { [KEYS.env]: rep(1), bad: { envId: 'bad', sdkKey: 'sdk-secret' } },
      filters: { f9: 7 },
    };
    list.event('put', { path: '/', data });
    await eventually(async () => {
      const { refusedEnvironments, environments } = await status();
      assert.deepEqual(Object.keys(refusedEnvironments), ['bad', 'filters/f9']);
      assert.doesNotMatch(JSON.stringify(refusedEnvironments), /secret/);
      assert.deepEqual(Object.keys(environments), [KEYS.env]);
    });
    assert.match(await relay.relay.metrics.metrics(), /flagrelay_environments_refused\{environment="bad"\} 1/);
    list.event('put', { path: '/', data: { environments: { [KEYS.env]: rep(1) } } });
    await eventually(async () => assert.equal('refusedEnvironments' in (await status()), false));
  });

  test('a change in place drops no stream and shows in status; a filter is one more environment', async () => {
    const stream = await openStream(relay.port, '/all', { headers: { Authorization: KEYS.sdk } });
    list.event('patch', { path: `/environments/${KEYS.env}`, data: rep(2, { envName: 'Live' }) });
    await eventually(async () => assert.equal((await status()).environments[KEYS.env].envName, 'Live'));
    list.event('patch', { path: '/filters/f', data: { projKey: 'shop', key: 'small', version: 1 } });
    await serve('/all?filter=small', 'put', { path: '/', data: { flags: {}, segments: {} } });
    await eventually(async () => {
      const answer = await ask(relay.port, '/sdk/flags?filter=small', { headers: { Authorization: KEYS.sdk } });
      assert.deepEqual([answer.status, answer.text], [200, '{}']);
    });
    assert.equal((await ask(relay.port, '/status/shop/production/filters/small')).status, 200);
    assert.equal(stream.closed(), false);
    stream.close();
  });

  test('several keys at a time: each opens the environment until it ends or is revoked, and its streams alone end with it', async () => {
    const later = Date.now() + 3_600_000;
    const keys = (version: number, expiry: number, ...mobile: string[]) =>
      rep(version, {
        envName: 'Live',
        sdkKeys: [{ value: KEYS.sdk }, { value: FORMER, expiry }],
        mobileKeys: [KEYS.mobile, ...mobile].map((value) => ({ value })),
      });
    list.event('patch', { path: `/environments/${KEYS.env}`, data: keys(3, later, SECOND) });
    await eventually(async () => assert.equal((await flags(FORMER)).status, 200));
    const open = (path: string, Authorization: string) => openStream(relay.port, path, { headers: { Authorization } });
    const [current, former] = [await open('/all', KEYS.sdk), await open('/all', FORMER)];
    const [first, second] = [await open('/mping', KEYS.mobile), await open('/mping', SECOND)];
    assert.deepEqual(
      [current, former, first, second].map((one) => one.status),
      [200, 200, 200, 200],
    );
    const metrics = await relay.relay.metrics.metrics();
    assert.match(metrics, new RegExp(`flagrelay_expiring_keys{environment="${KEYS.env}"} 1`));
    assert.match(
      metrics,
      new RegExp(`flagrelay_next_key_expiry_timestamp_seconds{environment="${KEYS.env}"} ${later / 1000}`),
    );
    const one = (await status()).environments[KEYS.env];
    assert.equal(one.mobileKeys.length, 2);
    assert.doesNotMatch(JSON.stringify(one), /c0ffee/);

    list.event('patch', { path: `/environments/${KEYS.env}`, data: keys(4, later) });
    await second.until(() => second.closed());
    assert.equal((await ask(relay.port, '/mping', { headers: { Authorization: SECOND } })).status, 401);
    list.event('patch', { path: `/environments/${KEYS.env}`, data: keys(5, Date.now() + 100) });
    await former.until(() => former.closed());
    assert.equal((await flags(FORMER)).status, 401);
    assert.deepEqual([current.closed(), first.closed()], [false, false]);
    current.close();
    first.close();
    list.event('patch', { path: `/environments/${KEYS.env}`, data: rep(6, { envName: 'Live' }) });
  });

  test('the next start, with upstream down, goes on with the cached list', async () => {
    await relay.close();
    const starting = start();
    (await server.next()).response.writeHead(503).end();
    relay = await starting;
    const one = (await status()).environments[KEYS.env];
    assert.equal(one.envName, 'Live');
    list = await serve('/relay_auto_config', 'put', { path: '/', data: { environments: { [KEYS.env]: rep(7) } } });
  });

  test('a removed environment: its streams end, its keys are unknown', async () => {
    await serve('/all', 'put', { path: '/', data: sampleData() });
    await eventually(async () => assert.equal((await flags()).status, 200));
    const stream = await openStream(relay.port, '/all', { headers: { Authorization: KEYS.sdk } });
    list.event('delete', { path: `/environments/${KEYS.env}`, version: 8 });
    await stream.until(() => stream.closed());
    assert.equal((await flags()).status, 401);
    assert.equal((await ask(relay.port, `/ping/${KEYS.env}`)).status, 404);
    assert.deepEqual((await status()).environments, {});
  });
});
