import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ask, openStream } from '../../../../testing/client.ts';
import { type EventSink, startEventSink } from '../../../../testing/event-sink.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { KEYS, sampleData, startTestRelay, type TestRelay, untilReady } from '../../../../testing/relay.ts';
import { parseDataSet } from '../../model/parse.ts';
import { environmentRep } from '../environment-rep.ts';
import { writeArchive } from './write.ts';

const OLD_KEY = 'sdk-22222222-0000-4000-8000-000000000002';
const ALICE = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');

describe('offline mode (contract 7)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-offline-'));
  const archiveFile = join(directory, 'archive.tar.gz');
  let relay: TestRelay;
  let upstream: EventSink;

  const write = (version: number, old?: { readonly expiresAt: number }): Promise<void> => {
    const expiring = old === undefined ? {} : { expiring: { value: OLD_KEY, timestamp: old.expiresAt } };
    const rep = environmentRep.parse({
      envID: KEYS.env,
      envKey: 'production',
      projKey: 'shop',
      mobKey: KEYS.mobile,
      sdkKey: { value: KEYS.sdk, ...expiring },
      defaultTtl: 2,
      secureMode: true,
      version,
    });
    return writeArchive(archiveFile, [{ rep, data: parseDataSet(JSON.stringify(sampleData())) }]);
  };

  before(async () => {
    upstream = await startEventSink();
    await write(1, { expiresAt: Date.now() + 3_600_000 });
    relay = await startTestRelay({
      environments: [],
      offline: { archiveFile, reloadMs: 100 },
      events: { enabled: true, flushMs: 10 },
      upstream: {
        streamUri: upstream.url,
        baseUri: upstream.url,
        clientSideBaseUri: upstream.url,
        eventsUri: upstream.url,
        diagnostics: true,
      },
    });
    await untilReady(relay);
  });
  after(async () => {
    await relay.close();
    await upstream[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  test('status is by client-side ID, with the names of the archive; it is VALID at once', async () => {
    const { environments, status } = JSON.parse((await ask(relay.port, '/status')).text);
    assert.equal(status, 'healthy');
    const one = environments[KEYS.env];
    assert.equal(one.connectionStatus.state, 'VALID');
    assert.deepEqual([one.envKey, one.projKey], ['production', 'shop']);
    assert.equal((await ask(relay.port, '/status/shop/production')).status, 200);
  });

  test('flags, ttl and secure mode are those of the archive', async () => {
    const flags = await ask(relay.port, '/sdk/flags', { headers: { Authorization: KEYS.sdk } });
    assert.deepEqual(Object.keys(JSON.parse(flags.text)).sort(), ['one', 'two']);
    const lifetime = Date.parse(flags.headers.expires ?? '') - Date.now();
    assert.ok(lifetime > 110_000 && lifetime < 130_000, `expires in ${lifetime} ms`);
    const path = `/sdk/evalx/${KEYS.env}/contexts/${ALICE}`;
    assert.equal((await ask(relay.port, path)).status, 400);
    const hash = createHmac('sha256', KEYS.sdk).update('alice').digest('hex');
    assert.equal((await ask(relay.port, `${path}?h=${hash}`)).status, 200);
  });

  test('a new description that does not name a key in grace leaves it; one that says so ends it and its streams', async () => {
    const open = (Authorization: string) => openStream(relay.port, '/all', { headers: { Authorization } });
    const [current, old] = [await open(KEYS.sdk), await open(OLD_KEY)];
    assert.equal(old.status, 200);
    await write(2);
    await write(3, { expiresAt: Date.now() - 1 });
    await old.until(() => old.closed());
    await eventually(async () => {
      const answer = await ask(relay.port, '/sdk/flags', { headers: { Authorization: OLD_KEY } });
      assert.equal(answer.status, 401);
    });
    assert.equal(current.closed(), false);
    current.close();
  });

  test('events are taken and dropped, there are no goals, and nothing at all goes upstream, not even at the end', async () => {
    const body = '[{"kind":"custom","key":"k","context":{"kind":"user","key":"alice"}}]';
    const posts = [
      ['/bulk', KEYS.sdk],
      ['/diagnostic', KEYS.sdk],
      ['/mobile', KEYS.mobile],
      [`/events/bulk/${KEYS.env}`, ''],
    ] as const;
    for (const [path, Authorization] of posts) {
      assert.equal(
        (await ask(relay.port, path, { method: 'POST', headers: { Authorization }, body })).status,
        202,
        path,
      );
    }
    const goals = await ask(relay.port, `/sdk/goals/${KEYS.env}`);
    assert.deepEqual([goals.status, goals.text], [200, '[]']);
    assert.equal((await ask(relay.port, `/a/${KEYS.env}.gif?d=W10=`)).status, 503);
    await relay.relay.drain();
    assert.deepEqual(upstream.posts, []);
  });
});
