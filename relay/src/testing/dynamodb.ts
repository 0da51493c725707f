import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

/** An emulator of DynamoDB on a loopback port, with one table of ld-relay's kind. */
export interface TestDynamo extends AsyncDisposable {
  readonly url: string;
  readonly table: string;
  readonly client: DynamoDBClient;
  /** Called with each request before it is carried out; what it returns is answered instead, with status 400 unless told otherwise. */
  intercept: ((operation: string, body: Body) => Intercepted | undefined) | undefined;
  /** All rows of a table, sorted, as `namespace|key` with their other attributes. */
  rows(table?: string): Promise<Record<string, Record<string, AttributeValue>>>;
  createTable(name: string): Promise<void>;
  /** Deletes the table and makes it again, empty. */
  empty(): Promise<void>;
}

type Body = Record<string, unknown>;
interface Intercepted {
  readonly status?: number;
  readonly body: object;
}

/** Credentials that an emulator takes; put into the environment, where the SDK looks first. */
export const TEST_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };

/** Starts dynalite, behind a front that adds the transactions that it lacks. One request after the other, so that they are transactions. */
export async function startDynamo(table = 'flags'): Promise<TestDynamo> {
  Object.assign(process.env, TEST_CREDENTIALS);
  const emulator = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
  const inner = `http://127.0.0.1:${(emulator.address() as AddressInfo).port}`;
  let line: Promise<unknown> = Promise.resolve();
  const test: { intercept: TestDynamo['intercept'] } = { intercept: undefined };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const answer = (status: number, body: string): void => {
      response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.0' }).end(body);
    };
    const work = async (): Promise<void> => {
      const instead = test.intercept?.(operation, JSON.parse(text) as Body);
      if (instead !== undefined) {
        answer(instead.status ?? 400, JSON.stringify(instead.body));
        return;
      }
      if (operation === 'TransactWriteItems') {
        const { status, body } = await transact(inner, request, JSON.parse(text) as Transaction);
        answer(status, JSON.stringify(body));
        return;
      }
      const reply = await send(inner, request, operation, text);
      answer(reply.status, await reply.text());
    };
    line = line.then(work).catch((error: unknown) => answer(500, JSON.stringify({ message: String(error) })));
    await line;
  };
  const front = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({ endpoint: url, region: 'us-east-1' });

  const createTable = async (TableName: string): Promise<void> => {
    await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [
          { AttributeName: 'namespace', AttributeType: 'S' },
          { AttributeName: 'key', AttributeType: 'S' },
        ],
        KeySchema: [
          { AttributeName: 'namespace', KeyType: 'HASH' },
          { AttributeName: 'key', KeyType: 'RANGE' },
        ],
        ProvisionedThroughput: { ReadCapacityUnits: 1000, WriteCapacityUnits: 1000 },
      }),
    );
  };
  await createTable(table);
  return {
    url,
    table,
    client,
    get intercept() {
      return test.intercept;
    },
    set intercept(next) {
      test.intercept = next;
    },
    createTable,
    rows: async (TableName = table) => {
      const { Items = [] } = await client.send(new ScanCommand({ TableName }));
      const named = Items.map(({ namespace, key, ...rest }) => [`${namespace?.S}|${key?.S}`, rest] as const);
      return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    empty: async () => {
      await client.send(new DeleteTableCommand({ TableName: table }));
      for (let tries = 0; ; tries++) {
        try {
          await createTable(table);
          return;
        } catch (error) {
          if (tries > 200) throw error;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      for (const server of [front, emulator]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

interface Transaction {
  readonly TransactItems: readonly { readonly ConditionCheck?: Check; readonly Update?: object }[];
}
interface Check {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
}

function send(inner: string, request: IncomingMessage, operation: string, body: string): Promise<Response> {
  const headers = { ...request.headers, 'x-amz-target': `DynamoDB_20120810.${operation}` } as Record<string, unknown>;
  for (const name of ['connection', 'content-length', 'host', 'transfer-encoding', 'expect']) delete headers[name];
  return fetch(inner, { method: 'POST', headers: headers as Record<string, string>, body });
}

/** The condition first, by an update that changes nothing; then the updates. */
async function transact(inner: string, request: IncomingMessage, { TransactItems }: Transaction) {
  for (const { ConditionCheck } of TransactItems) {
    if (ConditionCheck === undefined) continue;
    const names = { ...ConditionCheck.ExpressionAttributeNames, '#nothing': 'nothing' };
    const probe = { ...ConditionCheck, UpdateExpression: 'REMOVE #nothing', ExpressionAttributeNames: names };
    const reply = await send(inner, request, 'UpdateItem', JSON.stringify(probe));
    const body = (await reply.json()) as { readonly __type?: string };
    if (body.__type?.endsWith('ConditionalCheckFailedException')) {
      const CancellationReasons = TransactItems.map((item) => ({
        Code: item.ConditionCheck === undefined ? 'None' : 'ConditionalCheckFailed',
      }));
      const type = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
      return { status: 400, body: { __type: type, message: 'Transaction cancelled', CancellationReasons } };
    }
    if (!reply.ok) return { status: reply.status, body };
  }
  for (const { Update } of TransactItems) {
    if (Update === undefined) continue;
    const reply = await send(inner, request, 'UpdateItem', JSON.stringify(Update));
    if (!reply.ok) return { status: reply.status, body: (await reply.json()) as object };
  }
  return { status: 200, body: {} };
}
