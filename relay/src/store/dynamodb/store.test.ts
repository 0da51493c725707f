import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DataSet, Item } from '../../data/data.ts';
import { compile } from '../../dialects/launchdarkly/evaluation/compile.ts';
import { itemCodec } from '../../dialects/launchdarkly/model/codec.ts';
import { parseItem, tombstone } from '../../dialects/launchdarkly/model/parse.ts';
import type { Store, StoreStatus } from '../../environment/store.ts';
import { StoreError } from '../../errors.ts';
import { startDynamo, type TestDynamo } from '../../testing/dynamodb.ts';
import { eventually } from '../../testing/eventually.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { createDynamoConnection } from './connection.ts';
import { createDynamoStore } from './dynamodb-store.ts';
import { createDynamoPersistence } from './persistence.ts';
import { dynamoPlace } from './table.ts';

let dynamo: TestDynamo;
before(async () => {
  dynamo = await startDynamo();
});
after(() => dynamo[Symbol.asyncDispose]());
beforeEach(async () => {
  dynamo.intercept = undefined;
  await dynamo.empty();
});

const fast = { checkMs: 20, retryMs: 20, patienceMs: 100 };

async function open(cacheTtlMs: number, { prefix = 'p', table = dynamo.table, url = dynamo.url } = {}) {
  const statuses: StoreStatus['state'][] = [];
  let recovered = 0;
  const logger = recordingLogger();
  const connection = await createDynamoConnection({ url, cacheTtlMs });
  const place = dynamoPlace(table, prefix);
  const store = createDynamoStore(place, {
    ...{ connection, codec: itemCodec, compile, logger, cacheTtlMs, timing: fast },
    events: {
      status: ({ state }) => statuses.push(state),
      recovered: () => {
        recovered += 1;
      },
    },
  });
  return {
    ...{ store, statuses, logger, recovered: () => recovered },
    persistence: createDynamoPersistence(connection, { place, codec: itemCodec, logger }),
    [Symbol.asyncDispose]: async () => {
      connection.close();
      await store.close();
    },
  };
}

const flag = (key: string, version: number, more: object = {}): Item =>
  parseItem('flags', JSON.stringify({ key, version, on: true, variations: [1], ...more }), key);
const segment = (key: string, version: number): Item => parseItem('segments', JSON.stringify({ key, version }), key);
const set = (...items: Item[]): DataSet => ({
  flags: new Map(items.filter(({ kind }) => kind === 'flags').map((item) => [item.key, item])),
  segments: new Map(items.filter(({ kind }) => kind === 'segments').map((item) => [item.key, item])),
});
const versions = async (store: Store): Promise<Record<string, number> | undefined> => {
  const data = (await store.read())?.data;
  return data && Object.fromEntries([...data.flags, ...data.segments].map(([key, item]) => [key, item.version]));
};
const put = (key: string, version: number, text: string, namespace = 'p:features') =>
  dynamo.client.send(
    new PutItemCommand({
      TableName: dynamo.table,
      Item: { namespace: { S: namespace }, key: { S: key }, version: { N: String(version) }, item: { S: text } },
    }),
  );
const row = (item: Item) => ({ version: { N: String(item.version) }, item: { S: itemCodec.encode(item) } });
const readKeys = async (): Promise<string[]> => Object.keys(await dynamo.rows());

describe("ld-relay's layout", { timeout: 60_000 }, () => {
  test('a put replaces both kinds and sets $inited, with the text of each item untouched', async () => {
    await using t = await open(30_000);
    await put('gone', 9, '{"key":"gone","version":9}');
    const [a, s] = [flag('a', 1), segment('s', 2)];
    await t.store.init(set(a, s));
    assert.deepEqual(await dynamo.rows(), {
      'p:$inited|p:$inited': {},
      'p:features|a': row(a),
      'p:segments|s': row(s),
    });
  });

  test('without a prefix names have none', async () => {
    await using t = await open(30_000, { prefix: '' });
    await t.store.init(set(flag('a', 1), segment('s', 2)));
    assert.deepEqual(await readKeys(), ['$inited|$inited', 'features|a', 'segments|s']);
  });

  test('several batches and pages: hundreds of items are written and read', async () => {
    await using t = await open(0);
    const many = Array.from({ length: 130 }, (_, index) => flag(`f${index}`, index + 1, { pad: 'x'.repeat(15_000) }));
    await t.store.init(set(...many, segment('s', 1)));
    assert.equal(Object.keys((await versions(t.store)) ?? {}).length, 131);
  });

  test('what a batch leaves over is sent again', async () => {
    await using t = await open(0);
    let left = 2;
    dynamo.intercept = (operation, body) => {
      if (operation !== 'BatchWriteItem' || left === 0) return undefined;
      left -= 1;
      return { status: 200, body: { UnprocessedItems: body.RequestItems } };
    };
    await t.store.init(set(flag('a', 1)));
    assert.deepEqual(await versions(t.store), { a: 1 });
    assert.equal(left, 0);
  });

  test('only what differs is written', async () => {
    await using t = await open(0);
    await t.store.init(set(flag('a', 1), flag('b', 1)));
    const written: string[] = [];
    dynamo.intercept = (operation, body) => {
      if (operation === 'BatchWriteItem') written.push(JSON.stringify(body));
      return undefined;
    };
    await t.store.init(set(flag('a', 1), flag('b', 2)));
    assert.equal(written.length, 2, 'one batch, and $inited');
    assert.match(written[0] ?? '', /"b"/);
    assert.doesNotMatch(written[0] ?? '', /"S":"a"/);
  });
});

describe('versions', { timeout: 60_000 }, () => {
  test('an item goes in only when it is newer, a deleted one as a tombstone', async () => {
    await using t = await open(30_000);
    await t.store.init(set(flag('a', 5)));
    assert.equal((await t.store.upsert(flag('a', 4))).applied, false);
    assert.equal((await t.store.upsert(flag('a', 6))).applied, true);
    assert.equal((await t.store.upsert(tombstone('flags', 'b', 3))).applied, true);
    const rows = await dynamo.rows();
    assert.deepEqual(rows['p:features|a'], row(flag('a', 6)));
    assert.equal(rows['p:features|b']?.version?.N, '3');
    assert.equal(JSON.parse(rows['p:features|b']?.item?.S ?? '').deleted, true);
  });

  test('a broken row is left out of reads and overwritten', async () => {
    await using t = await open(0);
    await t.store.init(set(flag('a', 1)));
    await put('b', 9, 'no JSON');
    assert.deepEqual(await versions(t.store), { a: 1 });
    await t.store.upsert(flag('b', 2));
    assert.deepEqual(await versions(t.store), { a: 1, b: 2 });
  });

  test('two that merge at once leave the newest of each, and what a whole list does not name goes', async () => {
    await using t = await open(0);
    await t.persistence.replace(set(flag('a', 5), flag('old', 1)));
    const merged = await Promise.all([
      t.persistence.merge(set(flag('a', 4), flag('b', 2)), { mark: 'm1' }),
      t.persistence.merge(set(flag('a', 6), flag('b', 1)), { mark: 'm2' }),
    ]);
    assert.deepEqual(
      merged.map(({ mark }) => mark),
      ['', ''],
      'the mark that is there stays',
    );
    assert.deepEqual(await versions(t.store), { a: 6, b: 2, old: 1 });
    await t.persistence.merge(set(flag('a', 6), flag('b', 2)), { mark: 'm', exact: true });
    assert.deepEqual(await versions(t.store), { a: 6, b: 2 });
  });

  test('an item that is too large is not stored, logged and counted, and served all the same', async () => {
    await using t = await open(0);
    const large = flag('large', 3, { pad: 'é'.repeat(200_000) });
    await put('large', 2, '{"key":"large","version":2}');
    await t.store.init(set(flag('a', 1), large));
    assert.deepEqual(await versions(t.store), { a: 1, large: 3 });
    assert.deepEqual(
      await readKeys(),
      ['p:$inited|p:$inited', 'p:features|a'],
      'and the former one goes, as in ld-relay',
    );
    assert.equal((await t.store.upsert(flag('large', 4, { pad: 'x'.repeat(500_000) }))).applied, true);
    assert.deepEqual(await versions(t.store), { a: 1, large: 4 });
    await t.store.upsert(flag('large', 5));
    assert.deepEqual((await dynamo.rows())['p:features|large'], row(flag('large', 5)));
    assert.equal(t.logger.lines.filter(({ message }) => message.includes('too large')).length, 2);
  });
});

describe('outages', { timeout: 60_000 }, () => {
  const refuse = () => ({ status: 400, body: { __type: 'x#AccessDeniedException', message: 'not allowed' } });

  test('refused calls interrupt the store; when they work again the source delivers anew', async () => {
    await using t = await open(30_000);
    await t.store.init(set(flag('a', 1)));
    dynamo.intercept = refuse;
    await assert.rejects(
      async () => t.store.upsert(flag('a', 2)),
      (error: Error) => {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /refuses the AWS credentials: not allowed/);
        return true;
      },
    );
    assert.equal(t.store.status().state, 'INTERRUPTED');
    dynamo.intercept = undefined;
    await eventually(() => assert.equal(t.store.status().state, 'VALID'));
    assert.equal(t.recovered(), 1);
  });

  test('with an infinite TTL changes are kept and written back', async () => {
    await using t = await open(-1);
    await t.store.init(set(flag('a', 1)));
    dynamo.intercept = refuse;
    await t.store.upsert(flag('a', 2));
    dynamo.intercept = undefined;
    await eventually(async () => assert.deepEqual((await dynamo.rows())['p:features|a'], row(flag('a', 2))));
  });

  test('an emptied table is filled again from memory', async () => {
    await using t = await open(-1);
    await t.store.init(set(flag('a', 1), segment('s', 1)));
    await dynamo.empty();
    await eventually(async () =>
      assert.deepEqual(await readKeys(), ['p:$inited|p:$inited', 'p:features|a', 'p:segments|s']),
    );
    assert.match((await dynamo.rows())['p:$inited|p:$inited']?.mark?.S ?? '', /^flagrelay /);
  });

  test('a table that does not exist is named, and status says where the data are', async () => {
    await using t = await open(0, { table: 'absent' });
    await assert.rejects(
      async () => t.store.init(set(flag('a', 1))),
      /the DynamoDB table does not exist in this region/,
    );
    const { stateSince: _, ...status } = t.store.status();
    assert.deepEqual(status, {
      ...{ state: 'INTERRUPTED', database: 'dynamodb', dbServer: dynamo.url, dbPrefix: 'p', dbTable: 'absent' },
    });
  });

  test('a server that is not there is an interruption, and no credential is told', async () => {
    await using t = await open(0, { url: 'http://user:secret@127.0.0.1:9' });
    await assert.rejects(async () => t.store.init(set(flag('a', 1))), StoreError);
    assert.doesNotMatch(JSON.stringify([t.store.status(), t.logger.lines]), /secret/);
  });
});
