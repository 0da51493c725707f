import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createDynamoConnection, type DynamoConnection } from '../../../store/dynamodb/connection.ts';
import { dynamoPlace } from '../../../store/dynamodb/table.ts';
import { startDynamo, type TestDynamo } from '../../../testing/dynamodb.ts';
import { hashContextKey } from './database.ts';
import { createDynamoBigSegments } from './dynamodb.ts';
import type { BigSegmentPatch } from './patch.ts';

let dynamo: TestDynamo;
let connection: DynamoConnection;
before(async () => {
  dynamo = await startDynamo();
  connection = await createDynamoConnection({ url: dynamo.url, cacheTtlMs: 0 });
});
after(async () => {
  connection.close();
  await dynamo[Symbol.asyncDispose]();
});
beforeEach(async () => {
  dynamo.intercept = undefined;
  await dynamo.empty();
});

type Change = Partial<Record<'add' | 'remove', readonly string[]>>;
const patch = (version: string, previousVersion: string, included: Change, excluded: Change = {}): BigSegmentPatch => {
  const hashes = ({ add = [], remove = [] }: Change) => ({
    add: add.map(hashContextKey),
    remove: remove.map(hashContextKey),
  });
  return {
    ...{ segmentId: 'big.g1', version, previousVersion },
    changes: { included: hashes(included), excluded: hashes(excluded) },
  };
};
const open = (prefix = 'p') => createDynamoBigSegments(connection, dynamoPlace(dynamo.table, prefix));
const lookup = async (key: string) => (await open().membership(key)).lookup('big.g1');

test("patches are applied in order, in ld-relay's layout", { timeout: 60_000 }, async () => {
  const database = open();
  assert.equal(await database.cursor(), undefined);
  assert.equal(await database.synchronizedOn(), 0);
  assert.deepEqual(await database.apply(patch('v1', '', { add: ['a', 'b'] }, { add: ['c'] })), { applied: true });
  assert.deepEqual(await database.apply(patch('v3', 'v2', { add: ['x'] })), { applied: false, cursor: 'v1' });
  assert.deepEqual(await database.apply(patch('v2', 'v1', { remove: ['b'] })), { applied: true });
  await database.setSynchronizedOn(1_700_000_000_000);
  assert.equal(await database.cursor(), 'v2');
  assert.equal(await database.synchronizedOn(), 1_700_000_000_000);
  assert.deepEqual(await dynamo.rows(), {
    'p:big_segments_metadata|p:big_segments_metadata': {
      lastVersion: { S: 'v2' },
      synchronizedOn: { N: '1700000000000' },
    },
    [`p:big_segments_user|${hashContextKey('a')}`]: { included: { SS: ['big.g1'] } },
    [`p:big_segments_user|${hashContextKey('b')}`]: {},
    [`p:big_segments_user|${hashContextKey('c')}`]: { excluded: { SS: ['big.g1'] } },
  });
  assert.deepEqual(
    [await lookup('a'), await lookup('b'), await lookup('c'), await lookup('d')],
    [...[true, undefined, false, undefined]],
  );
});

test('a patch moves a context from one set to the other, and may name it twice in one', {
  timeout: 60_000,
}, async () => {
  const database = open();
  await database.apply(patch('v1', '', { add: ['a'] }, { add: ['b'] }));
  await database.apply(patch('v2', 'v1', { remove: ['a'], add: ['b', 'c'] }, { add: ['a'], remove: ['b'] }));
  assert.deepEqual([await lookup('a'), await lookup('b'), await lookup('c')], [false, true, true]);
  await database.apply(patch('v3', 'v2', { add: ['d', 'c'], remove: ['c'] }));
  assert.deepEqual([await lookup('c'), await lookup('d')], [undefined, true]);
});

test('a patch of many contexts takes several transactions and moves the cursor last', { timeout: 60_000 }, async () => {
  const database = open();
  const cursors: (string | undefined)[] = [];
  dynamo.intercept = (operation) => {
    if (operation === 'TransactWriteItems') cursors.push('transaction');
    if (operation === 'UpdateItem') cursors.push('cursor');
    return undefined;
  };
  const many = Array.from({ length: 50 }, (_, index) => `context-${index}`);
  assert.deepEqual(await database.apply(patch('v1', '', { add: many })), { applied: true });
  assert.deepEqual(cursors, ['transaction', 'transaction', 'transaction', 'cursor']);
  assert.deepEqual(
    await Promise.all(many.map(lookup)),
    many.map(() => true),
  );
});

test('of two relays that apply one patch at once, one is told that the other did', { timeout: 60_000 }, async () => {
  const results = await Promise.all([open(), open()].map((one) => one.apply(patch('v1', '', { add: ['a'] }))));
  assert.deepEqual(results.map(({ applied }) => applied).sort(), [false, true]);
  assert.equal(await lookup('a'), true);
});

test('a slow relay cannot bring back what a later patch took out', { timeout: 60_000 }, async () => {
  const [slow, fast] = [open(), open()];
  let first = true;
  const passed = Promise.withResolvers<void>();
  dynamo.intercept = (operation) => {
    if (operation === 'GetItem' && first) {
      first = false;
      passed.resolve();
    }
    return undefined;
  };
  const late = slow.apply(patch('v1', '', { add: ['a'] }));
  await passed.promise;
  await fast.apply(patch('v1', '', { add: ['a'] }));
  await fast.apply(patch('v2', 'v1', { remove: ['a'] }));
  await late;
  assert.equal(await database(fast), undefined);
});

async function database(one: ReturnType<typeof open>): Promise<boolean | undefined> {
  return (await one.membership('a')).lookup('big.g1');
}

test('a transaction that collides with another is tried again', { timeout: 60_000 }, async () => {
  let collisions = 2;
  dynamo.intercept = (operation) => {
    if (operation !== 'TransactWriteItems' || collisions === 0) return undefined;
    collisions -= 1;
    const __type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
    return {
      body: { __type, message: 'cancelled', CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }] },
    };
  };
  assert.deepEqual(await open().apply(patch('v1', '', { add: ['a'] })), { applied: true });
  assert.equal(collisions, 0);
});
