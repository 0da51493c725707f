import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { Item } from '../../data/data.ts';
import { compile } from '../../dialects/launchdarkly/evaluation/compile.ts';
import { itemCodec } from '../../dialects/launchdarkly/model/codec.ts';
import { parseItem } from '../../dialects/launchdarkly/model/parse.ts';
import { createTestCa, type TestCa } from '../../testing/certificates.ts';
import { eventually } from '../../testing/eventually.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { startCluster, startRedis, startSentinel } from '../../testing/redis.ts';
import { RedisSettingsError } from './address.ts';
import { createRedisConnection } from './connection.ts';
import { createRedisStore } from './redis-store.ts';
import { type RedisConfig, readRedisSettings } from './settings.ts';

let ca: TestCa;
before(() => {
  ca = createTestCa();
});
after(() => ca[Symbol.dispose]());

function open(config: Omit<RedisConfig, 'cacheTtlMs'>, prefix = 'p') {
  const logger = recordingLogger();
  const full = { cacheTtlMs: 0, ...config };
  const absences: (string | undefined)[] = [];
  const connection = createRedisConnection(full, {
    logger,
    secretsPollMs: 20,
    onAbsent: (problem) => absences.push(problem),
  });
  let recovered = 0;
  const store = createRedisStore(full, prefix, {
    codec: itemCodec,
    connection,
    compile,
    logger,
    timing: { checkMs: 20, retryMs: 20 },
    events: { status: () => undefined, recovered: () => (recovered += 1) },
  });
  return {
    store,
    logger,
    absences,
    recovered: () => recovered,
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await store.close();
    },
  };
}

const flag = (key: string, version: number): Item => parseItem('flags', JSON.stringify({ key, version }), key);
const put = (...items: Item[]) => ({ flags: new Map(items.map((item) => [item.key, item])), segments: new Map() });

describe('authentication and TLS', { timeout: 60_000 }, () => {
  test('an ACL user over TLS with a client certificate', async () => {
    const user = 'user relay on >pa:ss@word ~p:* +@all';
    await using redis = await startRedis({ tls: ca, config: ['tls-auth-clients yes', user] });
    await using t = open({
      url: redis.url.replace('127.0.0.1', 'localhost'),
      username: 'relay',
      password: 'pa:ss@word',
      mode: 'single',
      caFile: ca.caFile,
      certFile: ca.client.certFile,
      keyFile: ca.client.keyFile,
    });
    await t.store.init(put(flag('a', 1)));
    await t.store.upsert(flag('a', 2));
    assert.equal((await t.store.read())?.data.flags.get('a')?.version, 2);
    assert.equal(t.store.status().dbServer, `rediss://relay:xxxxx@localhost:${redis.port}`);
  });

  test('the authorities of the system count for TLS without a file of our own', async (t) => {
    await using redis = await startRedis({ tls: ca });
    const { SSL_CERT_FILE: before } = process.env;
    process.env.SSL_CERT_FILE = ca.caFile;
    t.after(() => {
      if (before === undefined) delete process.env.SSL_CERT_FILE;
      else process.env.SSL_CERT_FILE = before;
    });
    const client = { certFile: ca.client.certFile, keyFile: ca.client.keyFile };
    await using opened = open({ url: redis.url.replace('127.0.0.1', 'localhost'), mode: 'single', ...client });
    await opened.store.init(put(flag('a', 1)));
    assert.equal(opened.store.status().state, 'VALID');
  });

  test('a wrong password is an outage whose error and log lines do not tell it', async () => {
    await using redis = await startRedis({ config: ['requirepass right'], client: { password: 'right' } });
    await using t = open({ url: redis.url.replace('//', '//:wrong-secret@'), mode: 'single' });
    await assert.rejects(
      async () => t.store.init(put()),
      (error: Error) => {
        assert.match(error.message, /WRONGPASS|NOAUTH/);
        assert.doesNotMatch(inspect(error, { depth: 10 }), /wrong-secret/);
        return true;
      },
    );
    assert.doesNotMatch(JSON.stringify([t.logger.lines, t.store.status()]), /wrong-secret/);
  });

  test('a new password in the mounted file heals it without a restart', async () => {
    await using redis = await startRedis({ config: ['requirepass new'], client: { password: 'new' } });
    const passwordFile = join(ca.directory, 'redis-password');
    writeFileSync(passwordFile, 'old\n');
    await using t = open({ url: redis.url, passwordFile, mode: 'single' });
    await eventually(() => assert.equal(t.store.status().state, 'INTERRUPTED'));
    writeFileSync(passwordFile, 'new\n');
    await eventually(() => assert.equal(t.store.status().state, 'VALID'));
    await t.store.init(put(flag('a', 1)));
    rmSync(passwordFile);
    await eventually(() => assert.ok(t.logger.lines.some((line) => line.level === 'error')));
    assert.equal((await t.store.read())?.data.flags.size, 1);
    assert.match(t.absences.at(-1) ?? '', /passwordFile/);
    writeFileSync(passwordFile, 'new\n');
    await eventually(() => assert.equal(t.absences.at(-1), undefined));
    writeFileSync(passwordFile, '');
    await eventually(() => assert.match(t.absences.at(-1) ?? '', /passwordFile: .* is empty/));
    assert.equal((await t.store.read())?.data.flags.size, 1);
    const taken = t.logger.lines.filter(({ message }) => message === 'connecting to Redis with changed credentials');
    assert.equal(taken.length, 1, 'what is back as it was interrupts nothing');
  });

  test('settings that contradict each other are refused by name', () => {
    const refused: [Omit<RedisConfig, 'cacheTtlMs'>, RegExp][] = [
      [{ url: 'redis://a,redis://b', mode: 'single' }, /mode/],
      [{ url: 'redis://a', mode: 'sentinel' }, /sentinelMaster/],
      [{ url: 'redis://a/1', mode: 'cluster' }, /database 0/],
      [{ url: 'redis://a', mode: 'single', certFile: '/x' }, /keyFile/],
      [{ urlFile: '/nowhere', mode: 'single' }, /urlFile.*nowhere/],
    ];
    for (const [config, text] of refused) {
      assert.throws(
        () => readRedisSettings({ cacheTtlMs: 0, ...config }),
        (error: Error) => error instanceof RedisSettingsError && text.test(error.message),
      );
    }
  });
});

test('Sentinel: after the death of the master the new one is used', { timeout: 60_000 }, async () => {
  await using sentinel = await startSentinel();
  await using t = open({ url: sentinel.url, mode: 'sentinel', sentinelMaster: 'relays' });
  await t.store.init(put(flag('a', 1)));
  await eventually(async () => assert.equal(await sentinel.replica.client.hlen('p:features'), 1));
  await sentinel.master.kill();
  await eventually(() => assert.equal(t.store.status().state, 'INTERRUPTED'));
  await eventually(() => assert.equal(t.store.status().state, 'VALID'), 30_000);
  await eventually(() => t.store.upsert(flag('a', 2)));
  assert.match((await sentinel.replica.client.hget('p:features', 'a')) ?? '', /"version":2/);
  assert.ok(t.recovered() > 0);
});

describe('Cluster', { timeout: 60_000 }, () => {
  test('keys on different servers are filled, updated and filled again', async () => {
    await using cluster = await startCluster();
    const holders = async (key: string) => {
      const found = await Promise.all(
        cluster.nodes.map((node) => node.client.exists(key).catch((error: Error) => /MOVED/.test(error.message) && 0)),
      );
      return found.indexOf(1);
    };
    await using t = open({ url: cluster.url, mode: 'cluster' });
    await t.store.init(put(flag('a', 1), flag('b', 1)));
    const places = await Promise.all(['p:features', 'p:$inited'].map(holders));
    assert.equal(new Set(places).size, 2, 'the test needs keys on two servers');
    assert.equal((await t.store.upsert(flag('a', 2))).applied, true);
    assert.equal((await t.store.upsert(flag('a', 1))).applied, false);
    assert.equal((await t.store.read())?.data.flags.get('a')?.version, 2);
    for (const node of cluster.nodes) await node.client.flushall();
    await eventually(async () => assert.ok((await holders('p:$inited')) >= 0));
    assert.equal((await t.store.read())?.data.flags.size, 2);
    assert.equal(t.store.status().state, 'VALID');
  });

  test('a prefix with a hash tag keeps an environment on one server', async () => {
    await using cluster = await startCluster();
    await using t = open({ url: cluster.url, mode: 'cluster' }, '{env}');
    await t.store.init(put(flag('a', 1)));
    const sizes = await Promise.all(cluster.nodes.map((node) => node.client.dbsize()));
    assert.deepEqual(sizes.sort(), [0, 0, 2]);
    assert.equal((await t.store.read())?.data.flags.size, 1);
  });

  test('the death of all nodes is an outage, after which the data are back', async () => {
    await using cluster = await startCluster();
    await using t = open({ url: cluster.url, mode: 'cluster' });
    await t.store.init(put(flag('a', 1)));
    for (const node of cluster.nodes) await node.kill();
    await eventually(() => assert.equal(t.store.status().state, 'INTERRUPTED'), 30_000);
    await assert.rejects(async () => t.store.read());
    for (const node of cluster.nodes) await node.restart();
    await eventually(() => assert.equal(t.store.status().state, 'VALID'), 30_000);
    assert.equal(t.recovered(), 1);
    assert.equal((await t.store.read())?.data.flags.size, 1);
  });
});
