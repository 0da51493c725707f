import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Ask, ask } from '../../../testing/client.ts';
import { KEYS, startTestRelay, type TestRelay, untilReady } from '../../../testing/relay.ts';
import { decodeBase64Url } from './context-request.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

describe('context on the wire (contract 1.4)', () => {
  let relay: TestRelay;
  const server = { Authorization: KEYS.sdk };
  const byPath = (text: string) => ask(relay.port, `/sdk/evalx/contexts/${text}`, { headers: server });
  const report = (body: string | undefined, headers: Record<string, string> = JSON_TYPE) =>
    ask(relay.port, '/sdk/evalx/context', {
      method: 'REPORT',
      headers: { ...server, ...headers },
      ...(body === undefined ? {} : { body }),
    } satisfies Ask);

  before(async () => {
    relay = await startTestRelay({ server: { maxRequestBodyBytes: 5000 } });
    await untilReady(relay);
  });
  after(() => relay.close());

  test('GET: URL-safe base64, padded, unpadded, padding escaped (row 13 of section 14)', async () => {
    const padded = 'eyJraW5kIjogInVzZXIiLCAia2V5IjogInUxIn0=';
    for (const text of [padded, padded.replace('=', ''), padded.replace('=', '%3D')]) {
      assert.equal((await byPath(text)).status, 200, text);
    }
  });

  test('GET: bad base64', async () => {
    for (const text of ['!!!', 'ab$cd', 'A', '==', 'eyJrZXkiOiJ4In0===']) {
      const answer = await byPath(text);
      assert.equal(answer.status, 400, text);
      assert.equal(answer.text, '{"message":"context part of URL path did not decode as valid base64"}');
      assert.equal(answer.headers['content-type'], 'application/json');
    }
  });

  test('GET: decodes, but is no context', async () => {
    for (const json of [
      'hello',
      '{"kind":"user"',
      '{"kind":"user"}',
      '{"kind":"user","key":"x"} x',
      '\ufeff{"key":"x"}',
    ]) {
      const answer = await byPath(Buffer.from(json).toString('base64url'));
      assert.equal(answer.status, 400, json);
      assert.match(answer.text, /did not decode to valid evaluation context as JSON/);
    }
  });

  test('GET: standard alphabet fails: 404 for the slash, 400 for the plus', async () => {
    assert.equal((await byPath('ab/d')).status, 404);
    assert.equal((await byPath('ab+d')).status, 400);
  });

  test('GET: a path of 240 KB is fine, above 256 KiB of head is 431 (contract 1.1)', async () => {
    const context = (size: number) =>
      Buffer.from(JSON.stringify({ kind: 'user', key: 'x', pad: 'x'.repeat(size) })).toString('base64url');
    assert.equal((await byPath(context(180_000))).status, 200);
    assert.equal((await byPath(context(200_000))).status, 431);
  });

  test('REPORT: the media type must be JSON, with or without parameters', async () => {
    const body = '{"kind":"user","key":"u1"}';
    assert.equal((await report(body)).status, 200);
    assert.equal((await report(body, { 'Content-Type': 'application/json; charset=utf-8' })).status, 200);
    for (const headers of [{}, { 'Content-Type': 'text/plain' }, { 'Content-Type': 'application/jsonx' }]) {
      const answer = await report(body, headers);
      assert.equal(answer.status, 415);
      assert.match(answer.text, /^Content-Type must be application\/json\./);
    }
  });

  test('REPORT: bad JSON or no context is 400 with the parser text', async () => {
    assert.equal((await report('')).text, '{"message":"unexpected end of JSON input"}');
    assert.equal((await report(undefined)).text, '{"message":"unexpected end of JSON input"}');
    assert.equal((await report('{"kind":"user","key":""}')).text, '{"message":"context key must not be empty"}');
    assert.equal((await report('null')).status, 400);
  });

  test('REPORT: a body above the limit is 413 (contract 11.1)', async () => {
    const answer = await report(JSON.stringify({ kind: 'user', key: 'x', pad: 'x'.repeat(6000) }));
    assert.equal(answer.status, 413);
    assert.equal(answer.text, '{"message":"Request body exceeds maximum allowed size."}');
  });

  test('legacy users are accepted on both paths, an empty key is not evaluated', async () => {
    const legacy = (key: string) => Buffer.from(JSON.stringify({ key })).toString('base64url');
    assert.equal((await byPath(legacy('x'))).status, 200);
    assert.equal((await ask(relay.port, `/sdk/evalx/users/${legacy('x')}`, { headers: server })).status, 200);
    const answer = await byPath(legacy(''));
    assert.equal(answer.status, 400);
    assert.equal(answer.text, `{"message":"User must have a 'key' attribute"}`);
  });

  test('base64 is decoded strictly, but for line breaks', () => {
    assert.equal(decodeBase64Url('YQ'), 'a');
    assert.equal(decodeBase64Url('YQ='), 'a');
    assert.equal(decodeBase64Url('YQ=='), 'a');
    assert.equal(decodeBase64Url('YQ==='), undefined);
    assert.equal(decodeBase64Url('Y\nQ'), 'a');
    assert.equal(decodeBase64Url('YWI='), 'ab');
    assert.equal(decodeBase64Url('YWI=='), undefined);
    assert.equal(decodeBase64Url('YWJj'), 'abc');
    assert.equal(decodeBase64Url('YWJj='), undefined);
  });
});
