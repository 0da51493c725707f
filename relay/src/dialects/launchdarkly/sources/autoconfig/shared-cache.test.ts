import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Definition } from '../../../../environment/definition.ts';
import { startDynamo } from '../../../../testing/dynamodb.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { startRedis } from '../../../../testing/redis.ts';
import { startSseServer } from '../../../../testing/sse-server.ts';
import { environmentRep } from '../environment-rep.ts';
import { openEntryTable } from './entry-table.ts';
import { createSharedCache, decodeEntries, encodeEntries } from './shared-cache.ts';
import { createAutoConfig } from './source.ts';

const TIMEOUT = { timeout: 60_000 };
const rep = (id: string) => environmentRep.parse({ envID: id, sdkKey: { value: `sdk-${id}` }, version: 3 });

/** An entry as ld-relay writes it, by its form alone: nonce, cipher text, tag. */
function foreign(plain: object, secret: string): Buffer {
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update(secret).digest(), nonce);
  return Buffer.concat([nonce, cipher.update(JSON.stringify(plain)), cipher.final(), cipher.getAuthTag()]);
}
const environment = (id: string, modelVersion = 2) => ({
  ...{ kind: 'environment', modelVersion },
  data: { envID: id, envKey: 'k', sdkKey: { value: `sdk-${id}` }, sdkKeys: [{ value: `sdk-${id}` }], version: 9 },
});

test("ld-relay's entries are read; those of another form or key are left out, each with why", () => {
  const { list, skipped } = decodeEntries(
    new Map([
      ['env:e1', foreign(environment('e1'), 'rel-secret')],
      [
        'filter:f1',
        foreign({ kind: 'filter', modelVersion: 2, data: { projKey: 'p', key: 'f', version: 1 } }, 'rel-secret'),
      ],
      ['env:e2', foreign(environment('e2', 3), 'rel-secret')],
      ['env:e3', foreign(environment('e3'), 'rel-other')],
      ['env:e4', foreign(environment('other'), 'rel-secret')],
      ['env:e5', Buffer.from('short')],
    ]),
    ' rel-secret\n',
  );
  assert.deepEqual(
    list.environments.map(({ envID, version }) => [envID, version]),
    [['e1', 9]],
  );
  assert.deepEqual(list.filters, [{ id: 'f1', projKey: 'p', key: 'f', version: 1 }]);
  assert.deepEqual([...skipped.keys()], ['env:e2', 'env:e3', 'env:e4', 'env:e5']);
});

test('what is written is encrypted, entry by entry, and read again', () => {
  const list = { environments: [rep('e1'), rep('e2')], filters: [{ id: 'f', projKey: 'p', key: 'f', version: 1 }] };
  const entries = encodeEntries(list, 'rel-secret');
  assert.deepEqual([...entries.keys()], ['env:e1', 'env:e2', 'filter:f']);
  assert.doesNotMatch(Buffer.concat([...entries.values()]).toString('latin1'), /sdk-/);
  assert.deepEqual(decodeEntries(entries, 'rel-secret'), { list, skipped: new Map() });
});

const STORES = {
  Redis: async () => {
    const redis = await startRedis();
    const url = redis.url;
    return {
      store: { redis: { url, mode: 'single', cacheTtlMs: 0 } } as const,
      close: () => redis[Symbol.asyncDispose](),
    };
  },
  DynamoDB: async () => {
    const { url, table, ...dynamo } = await startDynamo();
    return {
      store: { dynamodb: { url, tableName: table, cacheTtlMs: 0 } } as const,
      close: () => dynamo[Symbol.asyncDispose](),
    };
  },
};
for (const [name, open] of Object.entries(STORES)) {
  test(
    `a relay that starts while LaunchDarkly is away has the list that another left in ${name}`,
    TIMEOUT,
    async () => {
      const { store, close } = await open();
      await using _ = { [Symbol.asyncDispose]: close };
      await using server = await startSseServer();
      const start = async () => {
        const logger = recordingLogger();
        const lists: (readonly Definition[])[] = [];
        const autoConfig = { key: 'rel-secret', cacheKey: 'relays', envAllowedOrigins: [], envAllowedHeaders: [] };
        const table = await openEntryTable({ autoConfig, store } as never, logger);
        assert.ok(table);
        const source = createAutoConfig(autoConfig, {
          ...{ streamUri: server.url, logger, sharedCache: createSharedCache(table, logger) },
          delay: () => Promise.resolve(),
        });
        const started = source.start({
          replace: (list) => void lists.push(list),
          change: () => undefined,
        });
        return { source, started, lists, logger };
      };
      const put = (...ids: string[]) => {
        const environments = Object.fromEntries(ids.map((id) => [id, { envID: id, sdkKey: { value: `sdk-${id}` } }]));
        return JSON.stringify({ path: '/', data: { environments } });
      };
      const first = await start();
      const stream = await server.next();
      stream.event('put', put('e1', 'gone'));
      await first.started;
      stream.event('put', put('e1', 'e2'));
      await eventually(() => assert.equal(first.lists.length, 2));
      await first.source.close();
      const second = await start();
      (await server.next()).response.writeHead(503).end();
      await second.started;
      assert.deepEqual(
        second.lists[0]?.map(({ id }) => id),
        ['e1', 'e2'],
      );
      await second.source.close();
    },
  );
}
