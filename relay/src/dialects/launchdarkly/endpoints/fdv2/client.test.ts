import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Ask, ask, openStream } from '../../../../testing/client.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../../../testing/relay.ts';
import { startUpstream } from '../../../../testing/upstream.ts';

const CONTEXT = '{"kind":"user","key":"alice"}';
const B64 = Buffer.from(CONTEXT).toString('base64url');
const JSON_BODY = { 'Content-Type': 'application/json' };
const mobile = { headers: { Authorization: KEYS.mobile } };
const browser = { headers: { Authorization: KEYS.env } };
const experiment = {
  fallthrough: {
    rollout: { kind: 'experiment', variations: [{ variation: 1, weight: 100_000 }], seed: 1 },
  },
};

describe('FDv2 for client-side SDKs (contract 11.3)', () => {
  let relay: TestRelay;
  const poll = (query = '', options: Ask = mobile) => ask(relay.port, `/sdk/poll/eval/${B64}${query}`, options);
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the test checks
  const events = async (query = '', options: Ask = mobile): Promise<{ event: string; data: any }[]> =>
    JSON.parse((await poll(query, options)).text).events;

  before(async () => {
    relay = await startTestRelay(
      {},
      {
        flags: {
          plain: simpleFlag('plain', 4, {
            samplingRatio: 7,
            debugEventsUntilDate: 1_900_000_000_000,
            trackEvents: true,
          }),
          dependent: simpleFlag('dependent', 2, { prerequisites: [{ key: 'plain', variation: 0 }] }),
          experiment: simpleFlag('experiment', 3, experiment),
          mobile: simpleFlag('mobile', 1, { clientSideAvailability: { usingMobileKey: true } }),
          browser: simpleFlag('browser', 1, { clientSideAvailability: { usingEnvironmentId: true } }),
        },
        segments: {},
      },
    );
    await untilReady(relay);
  });
  after(() => relay.close());

  test('poll: every visible flag as evaluated, members as in evalx, the flag version as flagVersion', async () => {
    const [intent, ...rest] = await events('', browser);
    const done = rest.pop();
    assert.equal(intent?.data.payloads[0].intentCode, 'xfer-full');
    assert.equal(done?.event, 'payload-transferred');
    assert.match(done?.data.state, /^[\w-]{22}$/);
    const put = (key: string, version: number, object: object) => ({
      event: 'put-object',
      data: { version, kind: 'flag-eval', key, object },
    });
    assert.deepEqual(rest, [
      put('browser', 1, { value: 'a', variation: 0, flagVersion: 1 }),
      put('dependent', 2, { value: 'a', variation: 0, flagVersion: 2, prerequisites: ['plain'] }),
      put('experiment', 3, {
        value: 'b',
        variation: 1,
        flagVersion: 3,
        trackEvents: true,
        trackReason: true,
        reason: { kind: 'FALLTHROUGH', inExperiment: true },
      }),
      put('plain', 4, {
        value: 'a',
        variation: 0,
        flagVersion: 4,
        trackEvents: true,
        debugEventsUntilDate: 1_900_000_000_000,
        samplingRatio: 7,
      }),
    ]);
  });

  test('a mobile key sees the flags for mobile; withReasons adds the reasons', async () => {
    const keys = (await events('', mobile)).map(({ data }) => data.key).filter(Boolean);
    assert.deepEqual(keys, ['dependent', 'experiment', 'mobile', 'plain']);
    const plain = (await events('?withReasons=true')).find(({ data }) => data.key === 'plain');
    assert.deepEqual(plain?.data.object.reason, { kind: 'FALLTHROUGH' });
  });

  test('GET and POST, Authorization and auth= are the same', async () => {
    const expected = (await poll()).text;
    const post = { method: 'POST', body: CONTEXT };
    assert.equal((await poll(`?auth=${KEYS.mobile}`, {})).text, expected);
    const answers = [
      await ask(relay.port, '/sdk/poll/eval', { ...post, headers: { ...mobile.headers, ...JSON_BODY } }),
      await ask(relay.port, `/sdk/poll/eval?auth=${KEYS.mobile}`, { ...post, headers: JSON_BODY }),
    ];
    for (const { status, text } of answers) assert.deepEqual([status, text], [200, expected]);
    const bare = await ask(relay.port, '/sdk/poll/eval', { ...post, ...mobile });
    assert.equal(bare.status, 415);
  });

  test('basis = what the SDK has: intent none; the state is about this context only', async () => {
    const state = (await events()).at(-1)?.data.state;
    const none = await events(`?basis=${state}`);
    assert.deepEqual(
      none.map(({ data }) => data.payloads[0].intentCode),
      ['none'],
    );
    assert.equal((await events('?basis=other'))[0]?.data.payloads[0].reason, 'cant-catchup');
    const tag = (await poll()).headers.etag ?? '';
    assert.equal(tag, `relay-${state}`);
    const revalidate = { headers: { ...mobile.headers, 'If-None-Match': tag } };
    assert.equal((await poll(`?basis=${state}`, revalidate)).status, 304);
    assert.equal((await poll('', revalidate)).status, 304);
    assert.equal((await poll('?basis=other', revalidate)).status, 200);
    // A change that this client does not see.
    const seen = await openStream(relay.port, `/sdk/stream/eval/${B64}`, mobile);
    await seen.until(() => seen.events().length >= 1);
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('hidden', 1, { clientSideAvailability: {} }));
    await seen.until(() => seen.events().length >= 2);
    assert.equal((await events(`?basis=${state}`)).length, 1);
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('mobile', 2, { clientSideAvailability: { usingMobileKey: true } }));
    await seen.until(() => seen.events().length >= 3);
    assert.notEqual((await events(`?basis=${state}`)).at(-1)?.data.state, state);
    seen.close();
  });

  test('stream: pings only, on GET and POST', async () => {
    const post = { method: 'POST', body: CONTEXT, headers: { ...browser.headers, ...JSON_BODY } };
    const streams = [
      await openStream(relay.port, `/sdk/stream/eval/${B64}?auth=${KEYS.env}&basis=x`),
      await openStream(relay.port, `/sdk/stream/eval/${B64}`, mobile),
      await openStream(relay.port, '/sdk/stream/eval', post),
    ];
    for (const stream of streams) {
      assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
      assert.equal(stream.headers['x-ld-envid'], KEYS.env);
      await stream.until(() => stream.text() === 'event: ping\ndata:  \n\n');
    }
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('other', 1));
    for (const stream of streams) {
      await stream.until(() => stream.text() === 'event: ping\ndata:  \n\n'.repeat(2));
      stream.close();
    }
  });

  test('a wrong context is refused before a stream opens', async () => {
    for (const family of ['poll', 'stream']) {
      const bad = await ask(relay.port, `/sdk/${family}/eval/e30`, browser);
      assert.equal(bad.status, 400);
      assert.equal(bad.headers['access-control-allow-origin'], '*');
      const post = { method: 'POST', body: '{', headers: { ...mobile.headers, ...JSON_BODY } };
      assert.equal((await ask(relay.port, `/sdk/${family}/eval`, post)).status, 400);
    }
  });

  test('unknown or missing credentials, SDK keys included: 401 that a page can read', async () => {
    for (const path of [`/sdk/poll/eval/${B64}`, `/sdk/stream/eval/${B64}`]) {
      for (const options of [
        {},
        { headers: { Authorization: KEYS.sdk } },
        { headers: { Authorization: 'Bearer x' } },
      ]) {
        const answer = await ask(relay.port, path, options);
        assert.equal(answer.status, 401);
        assert.equal(answer.headers['access-control-allow-origin'], '*');
      }
      assert.equal((await ask(relay.port, `${path}?filter=x`, mobile)).status, 404);
      assert.equal((await ask(relay.port, path, { ...mobile, method: 'REPORT' })).status, 405);
    }
  });

  test('CORS and preflight (contract 1.7)', async () => {
    const strict = await startTestRelay({
      environments: [
        {
          name: 'test',
          sdkKey: KEYS.sdk,
          envId: KEYS.env,
          allowedOrigins: ['https://app.example'],
          allowedHeaders: ['X-Mine'],
        },
      ],
    });
    try {
      await untilReady(strict);
      const origin = { Origin: 'https://app.example' };
      const answers = [
        await ask(strict.port, `/sdk/poll/eval/${B64}?auth=${KEYS.env}`, { headers: origin }),
        await ask(strict.port, `/sdk/poll/eval/${B64}?auth=${KEYS.env}`, { method: 'OPTIONS', headers: origin }),
        await ask(strict.port, `/sdk/stream/eval/${B64}?auth=${KEYS.env}`, { method: 'OPTIONS', headers: origin }),
      ];
      for (const { status, headers } of answers) {
        assert.equal(status, 200);
        assert.equal(headers['access-control-allow-origin'], 'https://app.example');
        assert.equal(headers['access-control-allow-methods'], 'GET,OPTIONS');
        assert.match(headers['access-control-allow-headers'] ?? '', /X-LaunchDarkly-Instance-Id,Authorization,X-Mine$/);
        assert.equal(headers['access-control-expose-headers'], 'Date,X-LD-EnvID,ETag');
        assert.equal(headers.vary, 'Origin');
      }
      const elsewhere = await ask(strict.port, `/sdk/poll/eval/${B64}?auth=${KEYS.env}`, {
        headers: { Origin: 'https://other.example' },
      });
      assert.equal(elsewhere.headers['access-control-allow-origin'], 'https://app.example');
      // A page that sends its id in a header asks first, without the header.
      const anonymous = await ask(strict.port, '/sdk/poll/eval', {
        method: 'OPTIONS',
        headers: { ...origin, 'Access-Control-Request-Headers': 'authorization,content-type' },
      });
      assert.equal(anonymous.status, 200);
      assert.equal(anonymous.headers['access-control-allow-methods'], 'POST,OPTIONS');
    } finally {
      await strict.close();
    }
  });

  test('secure mode holds for client-side ids, not for mobile keys (contract 1.8)', async () => {
    const secure = await startTestRelay({
      environments: [{ name: 'test', sdkKey: SECURE_KEY, mobileKey: KEYS.mobile, envId: KEYS.env, secureMode: true }],
    });
    secure.upstream.add(SECURE_KEY, { flags: {}, segments: {} });
    try {
      await untilReady(secure);
      for (const family of ['poll', 'stream']) {
        const path = `/sdk/${family}/eval/${B64}?auth=${KEYS.env}`;
        const wrong = await ask(secure.port, path);
        assert.equal(wrong.status, 400);
        assert.match(wrong.text, /secure mode/);
        const right = await openStream(secure.port, `${path}&h=${SECURE_HASH}`);
        assert.equal(right.status, 200);
        right.close();
        const mobileStream = await openStream(secure.port, `/sdk/${family}/eval/${B64}`, mobile);
        assert.equal(mobileStream.status, 200);
        mobileStream.close();
      }
    } finally {
      await secure.close();
    }
  });

  test('no data yet: polls get 503, streams wait for the first ping', async () => {
    const silent = await startUpstream();
    silent.add(KEYS.sdk, { flags: {}, segments: {} }, 'silent');
    const other = await startTestRelay({ upstream: { streamUri: silent.url, initTimeoutMs: 50 } });
    try {
      await eventually(async () => {
        const answer = await ask(other.port, `/sdk/poll/eval/${B64}`, mobile);
        assert.deepEqual([answer.status, answer.text], [503, '{"message":"Service not initialized"}']);
      });
      const stream = await openStream(other.port, `/sdk/stream/eval/${B64}`, mobile);
      assert.equal(stream.status, 200);
      silent.mode(KEYS.sdk, 'ok');
      await stream.until(() => stream.events().length === 1);
      stream.close();
      assert.equal((await ask(other.port, `/sdk/poll/eval/${B64}`, mobile)).status, 200);
    } finally {
      await other.close();
      await silent.close();
    }
  });
});

/** Key and hash of contract 13. */
const SECURE_KEY = 'sdk-22222222-2688-4a59-9810-1e0e3d798982';
const SECURE_HASH = 'fb4e483b223fac572a5bc13957b0d40a43806a9f21705b33eb83306e8d270e5f';
