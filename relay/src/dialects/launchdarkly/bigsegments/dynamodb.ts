import { setTimeout as pause } from 'node:timers/promises';
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { delayAfter } from '@flagrelay/kube/backoff';
import type { DynamoCall, DynamoConnection } from '../../../store/dynamodb/connection.ts';
import { conditional, getRow } from '../../../store/dynamodb/requests.ts';
import { type DynamoPlace, rowKey } from '../../../store/dynamodb/table.ts';
import { type Applied, type BigSegmentDatabase, hashContextKey, membershipOf } from './database.ts';
import type { BigSegmentPatch } from './patch.ts';

const METADATA = 'big_segments_metadata';
const MEMBERSHIPS = 'big_segments_user';
/** Attributes of the row of {@link METADATA}. */
const CURSOR = 'lastVersion';
const SYNCHRONIZED_ON = 'synchronizedOn';
/** Changes in one transaction beside the condition on the cursor. DynamoDB takes more today; ld-relay writes as many. */
const CHANGES = 24;
/** Between these tries, in ms. */
const BACKOFF = { baseMs: 20, maxMs: 1_000 };
/** Tries of a transaction that collides with another on the same rows. */
const MAX_CONFLICTS = 10;

/**
 * Big segments in ld-relay's layout: a row for each context with two sets, and one row for the state. A patch is written in transactions
 * that each hold only while the cursor is the one it follows on, and moves the cursor last: one that was cut short is applied again, and
 * applying it twice changes nothing.
 */
export function createDynamoBigSegments(connection: DynamoConnection, place: DynamoPlace): BigSegmentDatabase {
  const { table } = place;
  const state = place.single(METADATA);

  const readCursor = async (call: DynamoCall): Promise<string | undefined> =>
    (await getRow(call, table, state))?.[CURSOR]?.S || undefined;

  const apply = async (call: DynamoCall, patch: BigSegmentPatch): Promise<Applied> => {
    const cursor = await readCursor(call);
    if (cursor !== undefined && cursor !== patch.previousVersion) return { applied: false, cursor };
    const changes = [...changesOf(place, patch)];
    for (let at = 0; at < changes.length; at += CHANGES) {
      const some = changes.slice(at, at + CHANGES);
      if (!(await transact(call, [{ ConditionCheck: { TableName: table, Key: state, ...isAt(cursor) } }, ...some])))
        return behind(call);
    }
    const moved = await conditional(call, () => {
      const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = isAt(cursor);
      return call.client.send(
        new call.aws.UpdateItemCommand({
          TableName: table,
          Key: state,
          UpdateExpression: 'SET #cursor = :next',
          ConditionExpression,
          ExpressionAttributeNames,
          ExpressionAttributeValues: { ...ExpressionAttributeValues, ':next': { S: patch.version } },
        }),
        call.until,
      );
    });
    return moved ? { applied: true } : behind(call);
  };

  /** Somebody else was faster. */
  const behind = async (call: DynamoCall): Promise<Applied> => ({
    applied: false,
    cursor: (await readCursor(call)) ?? '',
  });

  return {
    cursor: () => connection.run(readCursor),
    apply: (patch) => connection.runLong((call) => apply(call, patch)),
    synchronizedOn: () =>
      connection.run(async (call) => {
        const ms = Number((await getRow(call, table, state))?.[SYNCHRONIZED_ON]?.N ?? 0);
        return Number.isFinite(ms) ? ms : 0;
      }),
    setSynchronizedOn: (ms) =>
      connection.run(async (call) => {
        await call.client.send(
          new call.aws.UpdateItemCommand({
            TableName: table,
            Key: state,
            UpdateExpression: 'SET #time = :time',
            ExpressionAttributeNames: { '#time': SYNCHRONIZED_ON },
            ExpressionAttributeValues: { ':time': { N: String(ms) } },
          }),
          call.until,
        );
      }),
    membership: (contextKey) =>
      connection.run(async (call) => {
        const row = await getRow(call, table, rowKey(place.named(MEMBERSHIPS), hashContextKey(contextKey)));
        return membershipOf(new Set(row?.included?.SS), new Set(row?.excluded?.SS));
      }),
  };
}

/** Holds while the cursor is still this one. Some write an empty text for none. */
function isAt(cursor: string | undefined) {
  return {
    ConditionExpression:
      cursor === undefined ? 'attribute_not_exists(#cursor) or #cursor = :cursor' : '#cursor = :cursor',
    ExpressionAttributeNames: { '#cursor': CURSOR },
    ExpressionAttributeValues: { ':cursor': { S: cursor ?? '' } },
  };
}

/** Runs a transaction; false when its condition does not hold. One that collides with another on the same rows is tried again. */
async function transact({ aws, client, until }: DynamoCall, items: TransactWriteItem[]): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.send(new aws.TransactWriteItemsCommand({ TransactItems: items }), until);
      return true;
    } catch (error) {
      if (!(error instanceof aws.TransactionCanceledException)) throw error;
      const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
      if (codes.includes('ConditionalCheckFailed')) return false;
      const collided = codes.every((code) => code === undefined || code === 'None' || code === 'TransactionConflict');
      if (!collided || attempt === MAX_CONFLICTS) throw error;
    }
    await pause(delayAfter(attempt - 1, BACKOFF), undefined, { signal: until.abortSignal });
  }
}

/** A transaction may touch a row only once: a context that is added to one set and taken from the other has one update for both. */
function* changesOf(place: DynamoPlace, { segmentId, changes }: BigSegmentPatch): Generator<TransactWriteItem> {
  const updates = new Map<string, { ADD: Set<string>; DELETE: Set<string> }>();
  const note = (hashes: readonly string[], action: 'ADD' | 'DELETE', set: 'included' | 'excluded'): void => {
    for (const hash of hashes) {
      const update = updates.get(hash) ?? { ADD: new Set<string>(), DELETE: new Set<string>() };
      // What is taken out after it was added is out, as when both are written one after the other.
      if (action === 'DELETE') update.ADD.delete(set);
      update[action].add(set);
      updates.set(hash, update);
    }
  };
  note(changes.included.add, 'ADD', 'included');
  note(changes.excluded.add, 'ADD', 'excluded');
  note(changes.included.remove, 'DELETE', 'included');
  note(changes.excluded.remove, 'DELETE', 'excluded');
  for (const [hash, update] of updates) {
    const clauses = (['ADD', 'DELETE'] as const).flatMap((action) => {
      const sets = [...update[action]].map((set) => `${set} :segment`);
      return sets.length === 0 ? [] : [`${action} ${sets.join(', ')}`];
    });
    yield {
      Update: {
        TableName: place.table,
        Key: rowKey(place.named(MEMBERSHIPS), hash),
        UpdateExpression: clauses.join(' '),
        ExpressionAttributeValues: { ':segment': { SS: [segmentId] } },
      },
    };
  }
}
