import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ask } from '../testing/client.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../testing/relay.ts';

const rollout = { variations: [{ variation: 1, weight: 100_000 }] };
const clause = { contextKind: 'org', attribute: 'plan', op: 'in', values: ['pro'] };

describe('OFREP 0.3.0', () => {
  let relay: TestRelay;
  const evaluate = (key: string, context: object | string = { targetingKey: 'alice' }, headers = bearer(KEYS.sdk)) =>
    ask(relay.port, `/ofrep/v1/evaluate/flags${key === '' ? '' : `/${key}`}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
      body: typeof context === 'string' ? context : JSON.stringify({ context }),
    });
  const answer = async (...given: Parameters<typeof evaluate>) => {
    const { status, text } = await evaluate(...given);
    return { status, ...JSON.parse(text) };
  };

  before(async () => {
    relay = await startTestRelay(
      {},
      {
        flags: {
          plain: simpleFlag('plain', 7),
          off: simpleFlag('off', 1, { on: false }),
          none: simpleFlag('none', 1, { on: false, offVariation: null }),
          target: simpleFlag('target', 1, { targets: [{ variation: 1, values: ['alice'] }] }),
          rule: simpleFlag('rule', 1, { rules: [{ clauses: [clause], variation: 1 }] }),
          split: simpleFlag('split', 1, { fallthrough: { rollout } }),
          ruleSplit: simpleFlag('ruleSplit', 1, { rules: [{ clauses: [], rollout }] }),
          needs: simpleFlag('needs', 1, { prerequisites: [{ key: 'off', variation: 0 }] }),
          broken: simpleFlag('broken', 1, { fallthrough: { variation: 9 } }),
          server: simpleFlag('server', 1, { clientSideAvailability: {} }),
        },
        segments: {},
      },
    );
    await untilReady(relay);
  });
  after(() => relay.close());

  test('single: value, variant, reason and metadata', async () => {
    assert.deepEqual(await answer('plain'), {
      status: 200,
      key: 'plain',
      reason: 'STATIC',
      variant: '0',
      value: 'a',
      metadata: { version: 7 },
    });
  });

  test('reasons', async () => {
    const pro = { kind: 'org', targetingKey: 'acme', plan: 'pro' };
    for (const [key, reason, value, context] of [
      ['off', 'DISABLED', 'b'],
      ['target', 'TARGETING_MATCH', 'b'],
      ['rule', 'TARGETING_MATCH', 'b', pro],
      ['rule', 'TARGETING_MATCH', 'b', { kind: 'multi', org: pro, user: { key: 'alice' } }],
      ['rule', 'STATIC', 'a', { targetingKey: 'acme', plan: 'pro' }],
      ['split', 'SPLIT', 'b'],
      ['ruleSplit', 'SPLIT', 'b'],
      ['needs', 'DISABLED', 'b'],
      ['none', 'DISABLED', undefined],
    ] as const) {
      const result = await answer(key, context);
      assert.deepEqual([key, result.status, result.reason, result.value], [key, 200, reason, value]);
    }
    const none = await answer('none');
    assert.ok(!('value' in none), 'no value: the default of the code applies');
    assert.equal(none.variant, '', 'Python reads it whether it is there or not');
  });

  test('failures of a single evaluation', async () => {
    for (const [key, body, status, errorCode] of [
      ['missing', undefined, 404, 'FLAG_NOT_FOUND'],
      ['broken', undefined, 400, 'PARSE_ERROR'],
      ['plain', '{', 400, 'PARSE_ERROR'],
      ['plain', '[]', 400, 'PARSE_ERROR'],
      ['plain', '{}', 400, 'INVALID_CONTEXT'],
      ['plain', { plan: 'pro' }, 400, 'TARGETING_KEY_MISSING'],
      ['plain', { targetingKey: '' }, 400, 'TARGETING_KEY_MISSING'],
      ['plain', { targetingKey: 1 }, 400, 'TARGETING_KEY_MISSING'],
      ['plain', { targetingKey: 'a', kind: 'no kind' }, 400, 'INVALID_CONTEXT'],
      ['plain', { kind: 'multi', org: { plan: 'pro' } }, 400, 'TARGETING_KEY_MISSING'],
      ['plain', { kind: 'multi', targetingKey: 'a' }, 400, 'INVALID_CONTEXT'],
    ] as const) {
      const result = await answer(key, body);
      assert.deepEqual([result.key, result.status, result.errorCode], [key, status, errorCode]);
      assert.ok(result.errorDetails.length > 0);
    }
  });

  test('names in a context are only names', async () => {
    const body = '{"context":{"targetingKey":"a","__proto__":{"plan":"pro"},"constructor":1}}';
    assert.equal((await answer('plain', body)).status, 200);
    const deep = `{"context":{"targetingKey":"a","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    assert.ok([200, 400].includes((await evaluate('plain', deep)).status));
    assert.equal((await answer('plain')).value, 'a');
  });

  test('bulk: all flags, failures among them; ETag and 304', async () => {
    const all = await evaluate('');
    const { flags } = JSON.parse(all.text);
    assert.equal(all.status, 200);
    assert.equal(flags.length, 10);
    assert.deepEqual(flags[0], {
      key: 'broken',
      errorCode: 'PARSE_ERROR',
      errorDetails: 'the flag cannot be evaluated',
    });
    assert.equal(all.headers['x-ld-envid'], KEYS.env, 'what the dialect says of the environment');
    const tag = all.headers.etag ?? '';
    assert.match(tag, /^"[\w-]{22}"$/);
    const again = await evaluate('', undefined, { ...bearer(KEYS.sdk), 'If-None-Match': tag });
    assert.deepEqual([again.status, again.text, again.headers.etag], [304, '', tag]);
    const other = await evaluate('', { targetingKey: 'bob' }, { ...bearer(KEYS.sdk), 'If-None-Match': tag });
    assert.equal(other.status, 200);
    const bad = await answer('', { plan: 'pro' });
    assert.deepEqual([bad.status, bad.errorCode, 'key' in bad], [400, 'TARGETING_KEY_MISSING', false]);
  });

  test('credentials: SDK key, mobile key or client-side ID, each with what it may see', async () => {
    for (const headers of [bearer(KEYS.sdk), { 'X-API-Key': KEYS.sdk }]) {
      assert.equal((await evaluate('server', undefined, headers)).status, 200);
    }
    for (const key of [KEYS.mobile, KEYS.env]) {
      for (const headers of [bearer(key), { 'X-API-Key': key }]) {
        assert.equal((await evaluate('plain', undefined, headers)).status, 200);
        assert.equal((await evaluate('server', undefined, headers)).status, 404);
      }
    }
    for (const headers of [{}, bearer('sdk-unknown'), { Authorization: KEYS.sdk }, { 'X-API-Key': '' }]) {
      const refused = await evaluate('plain', undefined, headers as Record<string, string>);
      assert.deepEqual([refused.status, Object.keys(JSON.parse(refused.text))], [401, ['errorDetails']]);
    }
  });

  test('pages may ask: preflight and CORS', async () => {
    const origin = { Origin: 'https://app.example' };
    const preflight = await ask(relay.port, '/ofrep/v1/evaluate/flags', { method: 'OPTIONS', headers: origin });
    const answered = await evaluate('', undefined, { ...origin, 'X-API-Key': KEYS.env });
    for (const { status, headers } of [preflight, answered]) {
      assert.equal(status, 200);
      assert.equal(headers['access-control-allow-origin'], 'https://app.example');
      assert.match(headers['access-control-allow-headers'] ?? '', /,Authorization,X-API-Key,If-None-Match$/);
      assert.equal(headers['access-control-expose-headers'], 'Date,ETag,Retry-After');
    }
  });

  test('a preflight allows what any environment allows, and the real answer what its own does', async () => {
    const strict = await startTestRelay({
      environments: [
        { name: 'one', sdkKey: 'sdk-one', envId: 'one', allowedHeaders: ['X-Trace', 'traceparent'] },
        { name: 'two', sdkKey: 'sdk-two', envId: 'two', allowedHeaders: ['traceparent', 'X-Two'] },
      ],
    });
    try {
      for (const path of ['/ofrep/v1/evaluate/flags', '/ofrep/v1/evaluate/flags/a', '//ofrep/v1/evaluate/flags']) {
        const preflight = await ask(strict.port, path, { method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
        assert.equal(preflight.status, 200, path);
        const allowed = preflight.headers['access-control-allow-headers']?.split(',') ?? [];
        for (const name of ['Content-Type', 'X-API-Key', 'X-Trace', 'traceparent', 'X-Two']) {
          assert.equal(allowed.filter((one) => one === name).length, 1, `${path}: ${name}`);
        }
      }
    } finally {
      await strict.close();
    }
  });

  test('a base URL with a slash at its end, and one at the end of the path', async () => {
    const body = JSON.stringify({ context: { targetingKey: 'alice' } });
    for (const path of ['//ofrep/v1/evaluate/flags', '/ofrep/v1/evaluate/flags/', '/ofrep//v1/evaluate//flags']) {
      const { status, text } = await ask(relay.port, path, { method: 'POST', headers: bearer(KEYS.sdk), body });
      assert.deepEqual([status, JSON.parse(text).flags.length], [200, 10], path);
    }
    const one = await ask(relay.port, '//ofrep/v1/evaluate/flags/plain', {
      method: 'POST',
      headers: bearer(KEYS.sdk),
      body,
    });
    assert.equal(JSON.parse(one.text).key, 'plain');
    assert.equal((await ask(relay.port, '//ofrep/v1/evaluate/flags')).status, 405);
    assert.equal((await ask(relay.port, '//sdk/flags', { headers: { Authorization: KEYS.sdk } })).status, 301);
  });

  test('keys are what they are, however they are encoded', async () => {
    const odd = ['a/b', 'a//b', '../a', '.', 'a%2Fb', 'a b', 'ü', 'a?b', 'a#b', 'evaluate/flags'];
    const flags = Object.fromEntries(odd.map((key) => [key, simpleFlag(key)]));
    const other = await startTestRelay({}, { flags, segments: {} });
    try {
      await untilReady(other);
      for (const key of [...odd, 'no/such', 'no%2Fsuch']) {
        const { text, status } = await ask(other.port, `/ofrep/v1/evaluate/flags/${encodeURIComponent(key)}`, {
          method: 'POST',
          headers: bearer(KEYS.sdk),
          body: JSON.stringify({ context: { targetingKey: 'alice' } }),
        });
        const result = JSON.parse(text);
        assert.equal(result.key, key);
        assert.deepEqual([status, result.errorCode], key.startsWith('no') ? [404, 'FLAG_NOT_FOUND'] : [200, undefined]);
      }
    } finally {
      await other.close();
    }
  });

  test('a large bulk answer is compressed for those who take it; its tag holds, quoted or not', async () => {
    const flags = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`flag-${n}`, simpleFlag(`flag-${n}`)]));
    const other = await startTestRelay({}, { flags, segments: {} });
    const bulk = (headers: Record<string, string>) =>
      ask(other.port, '/ofrep/v1/evaluate/flags', {
        method: 'POST',
        headers: { ...bearer(KEYS.sdk), ...headers },
        body: JSON.stringify({ context: { targetingKey: 'alice' } }),
      });
    try {
      await untilReady(other);
      const plain = await bulk({});
      assert.equal(plain.headers['content-encoding'], undefined);
      const zipped = await bulk({ 'Accept-Encoding': 'gzip' });
      assert.equal(zipped.headers['content-encoding'], 'gzip');
      assert.equal(gunzipSync(zipped.body).toString(), plain.text);
      assert.equal((await bulk({ 'Accept-Encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
      const tag = zipped.headers.etag ?? '';
      assert.equal(plain.headers.etag, tag);
      for (const sent of [tag, tag.replaceAll('"', ''), `W/${tag}`, `"other", ${tag}`]) {
        const again = await bulk({ 'Accept-Encoding': 'gzip', 'If-None-Match': sent });
        assert.deepEqual([again.status, again.text], [304, ''], sent);
        assert.match(again.headers.vary ?? '', /Accept-Encoding/);
      }
      assert.match(plain.headers.vary ?? '', /Accept-Encoding/);
    } finally {
      await other.close();
    }
  });

  test('a compressed context is refused by name', async () => {
    const refused = await ask(relay.port, '/ofrep/v1/evaluate/flags', {
      method: 'POST',
      headers: { ...bearer(KEYS.sdk), 'Content-Encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ context: { targetingKey: 'alice' } })),
    });
    assert.equal(refused.status, 415);
    assert.match(JSON.parse(refused.text).errorDetails, /Content-Encoding/);
  });

  test('a body that is too large is refused', async () => {
    const small = await startTestRelay({ server: { maxRequestBodyBytes: 1000 } });
    try {
      await untilReady(small);
      const answered = await ask(small.port, '/ofrep/v1/evaluate/flags', {
        method: 'POST',
        headers: bearer(KEYS.sdk),
        body: JSON.stringify({ context: { targetingKey: 'a', x: 'x'.repeat(1000) } }),
      });
      assert.equal(answered.status, 413);
    } finally {
      await small.close();
    }
  });
});

function bearer(key: string): Record<string, string> {
  return { Authorization: `Bearer ${key}` };
}
