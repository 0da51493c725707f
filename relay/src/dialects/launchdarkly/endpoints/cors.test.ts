import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask, openStream } from '../../../testing/client.ts';
import { KEYS, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';

const CONTEXT = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
const LISTED = { sdk: 'sdk-33333333-0000-4000-8000-000000000003', env: '5f0000000000000000000003' };

describe('CORS (contract 1.7)', () => {
  let relay: TestRelay;
  const paths: readonly (readonly [string, string, string])[] = [
    ['GET', `/sdk/evalx/ENV/contexts/${CONTEXT}`, 'GET,OPTIONS'],
    ['GET', `/sdk/evalx/ENV/users/${CONTEXT}`, 'GET,OPTIONS'],
    ['REPORT', '/sdk/evalx/ENV/context', 'REPORT,OPTIONS'],
    ['REPORT', '/sdk/evalx/ENV/user', 'REPORT,OPTIONS'],
    ['GET', `/eval/ENV/${CONTEXT}`, 'GET,OPTIONS'],
    ['REPORT', '/eval/ENV', 'REPORT,OPTIONS'],
    ['GET', '/ping/ENV', 'GET,OPTIONS'],
    ['GET', '/sdk/goals/ENV', 'GET,OPTIONS'],
    ['POST', '/events/bulk/ENV', 'POST,OPTIONS'],
    ['POST', '/events/diagnostic/ENV', 'POST,OPTIONS'],
    ['GET', '/a/ENV.gif', 'GET,OPTIONS'],
  ];

  before(async () => {
    relay = await startTestRelay({
      environments: [
        { name: 'open', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env },
        {
          name: 'listed',
          sdkKey: LISTED.sdk,
          envId: LISTED.env,
          allowedOrigins: ['https://a.example', 'https://b.example'],
          allowedHeaders: ['X-One'],
        },
      ],
    });
    relay.upstream.add(LISTED.sdk, { flags: {}, segments: {} });
    await untilReady(relay);
  });
  after(() => relay.close());

  test('preflight of each path: 200 without a body, the methods of that path', async () => {
    for (const [, path, methods] of paths) {
      const answer = await ask(relay.port, path.replace('ENV', KEYS.env), {
        method: 'OPTIONS',
        headers: { Origin: 'https://x.example' },
      });
      assert.equal(answer.status, 200, path);
      assert.equal(answer.body.length, 0);
      const { headers } = answer;
      assert.equal(headers['access-control-allow-methods'], methods);
      assert.equal(headers['access-control-allow-origin'], 'https://x.example');
      assert.equal(headers['access-control-allow-credentials'], 'false');
      assert.equal(headers['access-control-max-age'], '300');
      assert.equal(headers['access-control-expose-headers'], 'Date');
      assert.equal(headers.vary, 'Origin');
      for (const name of [
        'X-LaunchDarkly-User-Agent',
        'X-LaunchDarkly-Wrapper',
        'X-LaunchDarkly-Tags',
        'Content-Type',
      ]) {
        assert.ok(headers['access-control-allow-headers']?.split(',').includes(name), name);
      }
    }
  });

  test('a list of origins: the matching one, else the first; own headers added', async () => {
    const origin = async (sent: string | undefined) => {
      const headers: Record<string, string> = sent === undefined ? {} : { Origin: sent };
      return (await ask(relay.port, `/ping/${LISTED.env}`, { method: 'OPTIONS', headers })).headers;
    };
    assert.equal((await origin('https://b.example'))['access-control-allow-origin'], 'https://b.example');
    assert.equal((await origin('https://evil.example'))['access-control-allow-origin'], 'https://a.example');
    assert.equal((await origin(undefined))['access-control-allow-origin'], 'https://a.example');
    assert.match((await origin(undefined))['access-control-allow-headers'] ?? '', /,X-One$/);
  });

  test('errors carry CORS, too', async () => {
    const headers = { Origin: 'https://x.example' };
    const bad = await ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/!!!`, { headers });
    assert.equal(bad.status, 400);
    assert.equal(bad.headers['access-control-allow-origin'], 'https://x.example');
    const unknown = await ask(relay.port, `/sdk/evalx/nosuch/contexts/${CONTEXT}`, { headers });
    assert.equal(unknown.status, 404);
    assert.equal(unknown.headers['access-control-allow-origin'], 'https://x.example');
  });

  test('a browser may ask about an ID that is not known, and reads the 404; whoever else asks is told at once', async () => {
    const headers = { Origin: 'https://x.example', 'Access-Control-Request-Method': 'GET' };
    for (const path of [
      `/sdk/evalx/nosuch/contexts/${CONTEXT}`,
      '/ping/nosuch',
      '/sdk/goals/nosuch',
      '/events/bulk/nosuch',
    ]) {
      const preflight = await ask(relay.port, path, { method: 'OPTIONS', headers });
      assert.equal(preflight.status, 200, path);
      assert.equal(preflight.headers['access-control-allow-origin'], 'https://x.example');
      assert.match(preflight.headers['access-control-allow-headers'] ?? '', /X-LaunchDarkly-User-Agent/);
      assert.equal((await ask(relay.port, path, { method: 'OPTIONS' })).status, 404);
    }
  });

  test('streams answer any origin (row 9 of section 14)', async () => {
    const stream = await openStream(relay.port, `/ping/${LISTED.env}`, { headers: { Origin: 'https://b.example' } });
    assert.equal(stream.headers['access-control-allow-origin'], '*');
    stream.close();
  });

  test('server and mobile paths know no OPTIONS', async () => {
    for (const path of ['/all', '/sdk/flags', '/mping', '/bulk']) {
      const answer = await ask(relay.port, path, { method: 'OPTIONS' });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  });
});
