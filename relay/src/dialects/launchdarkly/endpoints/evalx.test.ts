import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';

const encode = (context: object) => Buffer.from(JSON.stringify(context)).toString('base64url');
const ALICE = { kind: 'user', key: 'alice' };

describe('evalx (contract 1.3, 1.5, 12.8)', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startTestRelay(
      {},
      {
        flags: {
          everywhere: simpleFlag('everywhere'),
          mobile: simpleFlag('mobile', 2, {
            clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: false },
          }),
          hidden: simpleFlag('hidden', 3, {
            clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: false },
          }),
          long: simpleFlag('long', 1, { variations: ['x'.repeat(4000)], offVariation: 0 }),
        },
        segments: {},
      },
    );
    await untilReady(relay);
  });
  after(() => relay.close());

  const forms = {
    server: (query = '') =>
      ask(relay.port, `/sdk/evalx/contexts/${encode(ALICE)}${query}`, { headers: { Authorization: KEYS.sdk } }),
    mobile: (query = '') =>
      ask(relay.port, `/msdk/evalx/contexts/${encode(ALICE)}${query}`, { headers: { Authorization: KEYS.mobile } }),
    browser: (query = '') => ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${encode(ALICE)}${query}`),
  };

  test('each family sees its flags', async () => {
    const keys = async (form: keyof typeof forms) => Object.keys(JSON.parse((await forms[form]()).text)).sort();
    assert.deepEqual(await keys('server'), ['everywhere', 'hidden', 'long', 'mobile']);
    assert.deepEqual(await keys('mobile'), ['everywhere', 'long', 'mobile']);
    assert.deepEqual(await keys('browser'), ['everywhere', 'long']);
  });

  test('members of one flag, in order; the type is bare JSON', async () => {
    const answer = await forms.server();
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.match(answer.text, /"everywhere":\{"value":"a","variation":0,"version":1\}/);
  });

  test('reasons only for withReasons=true (row 12 of section 14)', async () => {
    for (const query of ['', '?withReasons=1', '?withReasons=TRUE', '?withReasons']) {
      assert.ok(!(await forms.browser(query)).text.includes('"reason"'), query);
    }
    assert.match((await forms.browser('?withReasons=true')).text, /"reason":\{"kind":"FALLTHROUGH"\}/);
  });

  test('GET and REPORT, contexts and users, on all families', async () => {
    const body = JSON.stringify(ALICE);
    const json = { 'Content-Type': 'application/json' };
    const report = (path: string, headers = {}) =>
      ask(relay.port, path, { method: 'REPORT', body, headers: { ...json, ...headers } });
    const answers = await Promise.all([
      report('/sdk/evalx/context', { Authorization: KEYS.sdk }),
      report('/sdk/evalx/user', { Authorization: KEYS.sdk }),
      report('/msdk/evalx/context', { Authorization: KEYS.mobile }),
      report('/msdk/evalx/user', { Authorization: KEYS.mobile }),
      report(`/sdk/evalx/${KEYS.env}/context`),
      report(`/sdk/evalx/${KEYS.env}/user`),
      ask(relay.port, `/msdk/evalx/users/${encode(ALICE)}`, { headers: { Authorization: KEYS.mobile } }),
      ask(relay.port, `/sdk/evalx/${KEYS.env}/users/${encode(ALICE)}`),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer.status),
      Array(8).fill(200),
    );
    assert.equal((await report(`/sdk/evalx/${KEYS.env}/contexts`)).status, 404);
  });

  test('a tag that survives until data or context change, and 304', async () => {
    const first = await forms.browser();
    const etag = first.headers.etag!;
    const again = (context: object) =>
      ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${encode(context)}`, { headers: { 'If-None-Match': etag } });
    const same = await again(ALICE);
    assert.equal(same.status, 304);
    assert.equal(same.body.length, 0);
    assert.equal((await again({ kind: 'user', key: 'bob' })).status, 200);
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('everywhere', 2));
    await eventually(async () => assert.equal((await again(ALICE)).status, 200));
  });

  test('an answer that is asked for again is the same, until the data change; each family keeps its own', async () => {
    const hits = async () => {
      const { text } = await ask(relay.relay.opsPort!, '/metrics');
      return Number(/^flagrelay_evaluation_cache_requests_total\{result="hit"\} (\d+)$/m.exec(text)?.[1]);
    };
    const before = await hits();
    for (const form of [forms.server, forms.mobile, forms.browser]) {
      const answers = [];
      for (const _ of 'abcd') answers.push(await form(), await form('?withReasons=true'));
      assert.equal(new Set(answers.map(({ text, headers }) => `${headers.etag} ${text}`)).size, 2);
      assert.equal(new Set(answers.map(({ headers }) => Object.keys(headers).join())).size, 1);
    }
    assert.ok((await hits()) >= before + 12, 'they come from the cache');
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('everywhere', 7));
    await eventually(async () => {
      for (const form of Object.values(forms)) assert.match((await form()).text, /"everywhere":\{[^}]*"version":7\}/);
    });
  });

  test('an answer that is asked for again is compressed for those, and only those, that take it', async () => {
    const plain = await forms.browser();
    for (const _ of 'abcd') {
      const answer = await ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${encode(ALICE)}`, {
        headers: { 'Accept-Encoding': 'gzip' },
      });
      assert.equal(answer.headers['content-encoding'], 'gzip');
      assert.equal(gunzipSync(answer.body).toString(), plain.text);
      assert.equal((await forms.browser()).text, plain.text);
    }
  });

  test('compressed for clients that take it', async () => {
    const plain = await forms.server();
    const answer = await ask(relay.port, `/sdk/evalx/contexts/${encode(ALICE)}`, {
      headers: { Authorization: KEYS.sdk, 'Accept-Encoding': 'deflate, gzip;q=0.8' },
    });
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.match(answer.headers.vary ?? '', /Accept-Encoding/);
    assert.equal(gunzipSync(answer.body).toString(), plain.text);
    const refused = await ask(relay.port, `/sdk/evalx/contexts/${encode(ALICE)}`, {
      headers: { Authorization: KEYS.sdk, 'Accept-Encoding': 'gzip;q=0' },
    });
    assert.equal(refused.headers['content-encoding'], undefined);
  });
});

describe('secure mode (contract 1.8)', () => {
  let relay: TestRelay;
  const hash = (message: string, key: string = KEYS.sdk) => createHmac('sha256', key).update(message).digest('hex');
  before(async () => {
    relay = await startTestRelay({
      environments: [{ name: 'test', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env, secureMode: true }],
    });
    await untilReady(relay);
  });
  after(() => relay.close());
  const get = (context: object, h?: string) =>
    ask(relay.port, `/sdk/evalx/${KEYS.env}/contexts/${encode(context)}${h === undefined ? '' : `?h=${h}`}`);

  test('the right hash of each kind of context', async () => {
    const cases: [object, string][] = [
      [ALICE, 'alice'],
      [{ key: 'alice' }, 'alice'],
      [{ kind: 'user', key: 'a:b%' }, 'a:b%'],
      [{ kind: 'org', key: 'a%b:c' }, 'org:a%25b%3Ac'],
      [{ kind: 'multi', user: { key: 'u:1' }, org: { key: 'o' } }, 'org:o:user:u%3A1'],
    ];
    for (const [context, message] of cases) assert.equal((await get(context, hash(message))).status, 200, message);
  });

  test('an answer that is asked for again still wants the hash', async () => {
    for (const _ of 'abcd') assert.equal((await get(ALICE, hash('alice'))).status, 200);
    assert.equal((await get(ALICE)).status, 400);
    assert.equal((await get(ALICE, hash('bob'))).status, 400);
  });

  test('missing, wrong, upper-case, or made with another key: 400 with CORS', async () => {
    for (const h of [undefined, '', '0'.repeat(64), hash('alice').toUpperCase(), hash('alice', 'sdk-x')]) {
      const answer = await get(ALICE, h);
      assert.equal(answer.status, 400);
      assert.equal(answer.text, '{"message":"Environment is in secure mode, and context hash does not match."}');
      assert.equal(answer.headers['access-control-allow-origin'], '*');
    }
  });

  test('eval streams want it too; mobile, server and ping do not', async () => {
    assert.equal((await ask(relay.port, `/eval/${KEYS.env}/${encode(ALICE)}`)).status, 400);
    const mobile = await ask(relay.port, `/msdk/evalx/contexts/${encode(ALICE)}`, {
      headers: { Authorization: KEYS.mobile },
    });
    assert.equal(mobile.status, 200);
  });
});
