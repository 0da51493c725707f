import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ask } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { simpleFlag } from '../../src/testing/relay.ts';
import { pipeline, sendRaw, stall } from './connection.ts';
import { FUZZ_KEYS, type Stage, startStage } from './stage.ts';

const DEPTH = 100_000;
const deepArray = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
const deepObject = `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`;
const sdk = { Authorization: FUZZ_KEYS.sdk };
const json = { ...sdk, 'Content-Type': 'application/json' };

describe('hostile input (part 9)', () => {
  let stage: Stage;
  const version = (() => {
    let last = 1000;
    return () => ++last;
  })();
  const untilFlag = (key: string, value: unknown): Promise<void> =>
    eventually(async () => {
      const { text } = await ask(stage.port, '/sdk/evalx/context', {
        method: 'REPORT',
        headers: json,
        body: '{"kind":"user","key":"u"}',
      });
      assert.deepEqual(
        new Map(Object.entries(JSON.parse(text) as Record<string, { value: unknown }>)).get(key)?.value,
        value,
      );
    }, 60_000);
  const report = (body: string) => ask(stage.port, '/sdk/evalx/context', { method: 'REPORT', headers: json, body });

  before(async () => {
    stage = await startStage();
    await untilFlag('one', 'a');
  });
  after(async () => {
    const failures = stage.failures();
    await stage.heapBytes();
    await stage[Symbol.asyncDispose]();
    assert.deepEqual(failures, []);
  });

  for (const [name, deep] of [
    ['arrays', deepArray],
    ['objects', deepObject],
  ] as const) {
    test(`${DEPTH} nested ${name} in a context, in events and in flag data`, async () => {
      assert.ok([200, 400].includes((await report(deep)).status));
      assert.ok([200, 400].includes((await report(`{"kind":"user","key":"u","x":${deep}}`)).status));
      const encoded = Buffer.from(`{"kind":"user","key":"u","x":${deep}}`).toString('base64url');
      assert.ok(
        [200, 400, 431].includes((await ask(stage.port, `/sdk/evalx/contexts/${encoded}`, { headers: sdk })).status),
      );
      for (const schema of ['1', '3', '4']) {
        const headers = { ...json, 'X-LaunchDarkly-Event-Schema': schema };
        const answer = await ask(stage.port, '/bulk', {
          method: 'POST',
          headers,
          body: `[{"kind":"custom","data":${deep}}]`,
        });
        assert.ok([202, 400].includes(answer.status), `${answer.status}`);
      }
      for (const data of [deep, `{"key":"deep","version":${version()},"variations":[${deep}],"x":${deep}}`]) {
        stage.upstream.raw(FUZZ_KEYS.sdk, `event: patch\ndata: {"path":"/flags/deep","data":${data}}\n\n`);
        // Whether the item is taken or refused and the stream restarted: what comes next must be seen.
        await eventually(() => assert.ok(stage.upstream.connected(FUZZ_KEYS.sdk) > 0), 60_000);
        const next = version();
        stage.upstream.patchFlag(FUZZ_KEYS.sdk, simpleFlag('one', next, { variations: [next, 'b'] }));
        await untilFlag('one', next);
      }
    });
  }

  test('keys that are special in JavaScript are keys like others', async () => {
    const next = version();
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      stage.upstream.patchFlag(FUZZ_KEYS.sdk, simpleFlag(key, next, { variations: [{ polluted: key }, 'b'] }));
      await untilFlag(key, { polluted: key });
      assert.equal((await ask(stage.port, `/sdk/flags/${key}`, { headers: sdk })).status, 200);
    }
    assert.equal((await ask(stage.port, '/sdk/flags/valueOf', { headers: sdk })).status, 404);
    const pollute = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}';
    assert.equal((await report(`{"kind":"user","key":"u",${pollute}}`)).status, 200);
    const events = `[{"kind":"custom","key":"__proto__",${pollute},"context":{"kind":"user","key":"u",${pollute}}},{"kind":"summary","features":{${pollute}}}]`;
    for (const schema of ['1', '2', '3', '4']) {
      const headers = { ...json, 'X-LaunchDarkly-Event-Schema': schema };
      assert.equal((await ask(stage.port, '/bulk', { method: 'POST', headers, body: events })).status, 202);
    }
    await stage.heapBytes();
  });

  test('numbers without end', async () => {
    const digits = '9'.repeat(100_000);
    for (const number of ['1e400', '-1e400', `1e${digits}`, digits, `0.${digits}`, '-0', '1e-400']) {
      assert.ok(
        [200, 400].includes((await report(`{"kind":"user","key":"u","n":${number}}`)).status),
        number.slice(0, 10),
      );
    }
  });

  test('a regular expression that makes others backtrack for years', async () => {
    const next = version();
    const clause = { attribute: 'name', op: 'matches', values: ['^(a+)+$', '(x|x)*y'], negate: false };
    const rules = [{ id: 'r', variation: 1, clauses: [clause] }];
    stage.upstream.patchFlag(FUZZ_KEYS.sdk, simpleFlag('slow', next, { variations: [next, 'b'], rules }));
    await untilFlag('slow', next);
    assert.equal((await report(`{"kind":"user","key":"u","name":"${'a'.repeat(5_000)}!"}`)).status, 200);
  });

  test('a head of almost 256 KiB is read, a larger one is 431', async () => {
    const head = (bytes: number): Buffer =>
      Buffer.from(`GET /status HTTP/1.1\r\nHost: relay\r\nConnection: close\r\nX-Long: ${'x'.repeat(bytes)}\r\n\r\n`);
    assert.equal(await sendRaw(stage.port, head(250_000)), 200);
    assert.equal(await sendRaw(stage.port, head(300_000)), 431);
    assert.equal(
      await sendRaw(stage.port, Buffer.from(`GET /${'x'.repeat(300_000)} HTTP/1.1\r\nHost: relay\r\n\r\n`)),
      431,
    );
    const many = Array.from({ length: 1_500 }, (_, index) => `X-${index}: y\r\n`).join('');
    assert.equal(await sendRaw(stage.port, Buffer.from(`GET /status HTTP/1.1\r\nHost: relay\r\n${many}\r\n`)), 200);
  });

  test('a 100 for a pipelined request does not tear its answer apart', async () => {
    const get = (path: string) => {
      const head = `GET ${path} HTTP/1.1\r\nHost: relay\r\nExpect: 100-continue`;
      return { method: 'GET', head, bytes: Buffer.from(`${head}\r\n\r\n`), mayStream: false };
    };
    const gif = get(`/a/${FUZZ_KEYS.env}.gif?d=e30`);
    const statuses: number[] = [];
    // The connection may be closed behind an answer that no 100 came before.
    let rest = [get('/status'), gif, gif, get('/nosuch')];
    while (rest.length > 0) {
      const answered = await pipeline(stage.port, rest, (status) => statuses.push(status));
      assert.ok(answered > 0);
      rest = rest.slice(answered);
    }
    assert.deepEqual(statuses, [200, 200, 200, 404]);
  });

  test('a head that never ends is given up on, and does not keep others from being served', async () => {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, () => stall(stage.port, 'GET /status HTTP/1.1\r\nHost: x')),
    );
    assert.equal((await ask(stage.port, '/status')).status, 200);
    const answers = await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<string>((resolve, reject) => {
            let text = '';
            const timer = setTimeout(() => reject(new Error('still open after a minute')), 60_000);
            socket.on('data', (chunk) => {
              text += chunk.toString('latin1');
            });
            socket.on('close', () => {
              clearTimeout(timer);
              resolve(text);
            });
          }),
      ),
    );
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 408 /);
  });
});
