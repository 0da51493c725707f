import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Ask, ask } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import { KEYS, startTestRelay, type TestRelay } from '../../../testing/relay.ts';

const [SDK, MOBILE] = ['sdk-awaited', 'mob-awaited'];
const ENV = '5f00000000000000000000aa';
const CONTEXT = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');
const WRONG = 'nobody-knows';

/** Requests with a credential, by the kinds that their routes take. */
const requests: readonly [
  what: string,
  kinds: readonly ('sdk' | 'mobile' | 'env')[],
  (key: string) => [string, Ask],
][] = [
  ['server-side polling', ['sdk'], (key) => ['/sdk/flags', { headers: { Authorization: key } }]],
  ['server-side FDv2', ['sdk'], (key) => ['/sdk/poll', { headers: { Authorization: key } }]],
  ['mobile evaluation', ['mobile'], (key) => [`/msdk/evalx/contexts/${CONTEXT}`, { headers: { Authorization: key } }]],
  ['mobile events', ['mobile'], (key) => ['/mobile', { method: 'POST', headers: { Authorization: key }, body: '[]' }]],
  ['browser evaluation', ['env'], (key) => [`/sdk/evalx/${key}/contexts/${CONTEXT}`, {}]],
  ['client-side FDv2', ['mobile', 'env'], (key) => [`/sdk/poll/eval/${CONTEXT}`, { headers: { Authorization: key } }]],
  [
    'OFREP',
    ['sdk', 'mobile', 'env'],
    (key) => [
      '/ofrep/v1/evaluate/flags',
      {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: '{"context":{"targetingKey":"alice"}}',
      },
    ],
  ],
];

describe('while the key files of an environment are missing', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-awaited-'));
  const [sdkKeyFile, mobileKeyFile] = [join(directory, 'sdk'), join(directory, 'mobile')];
  const known = { sdk: KEYS.sdk, mobile: KEYS.mobile, env: KEYS.env };
  const own = { sdk: SDK, mobile: MOBILE, env: ENV };
  let relay: TestRelay;
  const status = async (path: [string, Ask]) => {
    const { status: code, headers } = await ask(relay.port, ...path);
    if (code === 503) assert.equal(headers['retry-after'], '10', path[0]);
    return code;
  };
  before(async () => {
    relay = await startTestRelay({
      environments: [
        { name: 'known', sdkKey: KEYS.sdk, mobileKey: KEYS.mobile, envId: KEYS.env },
        { name: 'awaited', sdkKeyFile, mobileKeyFile, envId: ENV },
      ],
      events: { enabled: true },
    });
    relay.upstream.add(SDK, { flags: {}, segments: {} });
    await eventually(async () =>
      assert.equal((await ask(relay.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } })).status, 200),
    );
  });
  after(async () => {
    await relay.close();
    rmSync(directory, { recursive: true });
  });

  for (const [what, kinds, request] of requests) {
    test(`${what}: 503 for a key that may be the one, its own ID too; the other environment is served`, async () => {
      for (const kind of kinds) {
        assert.equal(await status(request(own[kind])), 503, `own ${kind}`);
        assert.ok((await status(request(known[kind]))) < 300, `known ${kind}`);
      }
      const onlyIds = kinds.every((kind) => kind === 'env');
      // Client-side IDs are no secrets in files: all of them are known.
      assert.equal(await status(request(WRONG)), onlyIds ? 404 : 503);
    });
  }

  test('a request without any key is refused as ever', async () => {
    assert.equal((await ask(relay.port, '/sdk/flags')).status, 401);
    assert.equal((await ask(relay.port, '/all', { headers: { Authorization: 'Bearer x' } })).status, 401);
  });

  test('when they are there: 200 for its own, 401 for a wrong one', async () => {
    writeFileSync(mobileKeyFile, MOBILE);
    writeFileSync(sdkKeyFile, SDK);
    await eventually(async () =>
      assert.equal((await ask(relay.port, '/sdk/flags', { headers: { Authorization: SDK } })).status, 200),
    );
    for (const [what, kinds, request] of requests) {
      for (const kind of kinds) assert.ok((await status(request(own[kind]))) < 300, `${what} ${kind}`);
      assert.ok([401, 404].includes(await status(request(WRONG))), what);
    }
  });
});

describe('while the file of a key before a rotation was never there', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-previous-'));
  const sdkKeyPreviousFile = join(directory, 'previous');
  let relay: TestRelay;
  before(async () => {
    relay = await startTestRelay({
      environments: [
        { name: 'rotated', sdkKey: KEYS.sdk, sdkKeyPreviousFile, mobileKey: KEYS.mobile, envId: KEYS.env },
      ],
    });
    await eventually(async () => assert.equal(await statusOf(KEYS.sdk), 200));
  });
  after(async () => {
    await relay.close();
    rmSync(directory, { recursive: true });
  });
  const statusOf = async (key: string) =>
    (await ask(relay.port, '/sdk/flags', { headers: { Authorization: key } })).status;
  const mobile = async (key: string) =>
    (await ask(relay.port, `/msdk/evalx/contexts/${CONTEXT}`, { headers: { Authorization: key } })).status;

  test('503 for an SDK key that may be it; all else is as ever', async () => {
    assert.equal(await statusOf(SDK), 503);
    assert.equal(await statusOf(KEYS.sdk), 200);
    assert.deepEqual([await mobile(KEYS.mobile), await mobile(WRONG)], [200, 401]);
  });

  test('when it comes it is served, and a wrong one is refused; it is ended by taking it out', async () => {
    writeFileSync(sdkKeyPreviousFile, SDK);
    await eventually(async () => assert.equal(await statusOf(SDK), 200));
    assert.equal(await statusOf(WRONG), 401);
    rmSync(sdkKeyPreviousFile);
    await eventually(async () => assert.equal(await statusOf(SDK), 401));
  });
});
