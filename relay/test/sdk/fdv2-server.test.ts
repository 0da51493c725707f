import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { init, type LDClient, type LDOptions } from '@launchdarkly/node-server-sdk';
import { eventually } from '../../src/testing/eventually.ts';
import {
  KEYS,
  SILENT,
  sampleData,
  simpleFlag,
  startTestRelay,
  type TestRelay,
  untilReady,
} from '../../src/testing/relay.ts';
import { startUpstream } from '../../src/testing/upstream.ts';
import { type Exchange, type Front, startFront } from './front.ts';

type DataSource = NonNullable<NonNullable<LDOptions['dataSystem']>['dataSource']>;

const ALICE = { kind: 'user', key: 'alice' };

describe('@launchdarkly/node-server-sdk with its FDv2 data system (contract 11.3)', () => {
  const closers: (() => unknown)[] = [];
  const closeLater = <T extends { close(): unknown }>(thing: T): T => {
    closers.push(() => thing.close());
    return thing;
  };
  const relayWith = async (data = sampleData()): Promise<TestRelay> => {
    const relay = closeLater(await startTestRelay({}, data));
    await untilReady(relay);
    return relay;
  };
  const clientOf = (url: string, dataSource: DataSource): LDClient =>
    closeLater(
      init(KEYS.sdk, {
        baseUri: url,
        streamUri: url,
        eventsUri: url,
        sendEvents: false,
        logger: SILENT,
        dataSystem: { dataSource },
      }),
    );
  const variation = (client: LDClient, key = 'one') => client.variation(key, ALICE, 'default') as Promise<unknown>;
  /** Changes the flag so that it serves its other variation. */
  const turn = (relay: TestRelay, version: number, key = 'one') =>
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag(key, version, { fallthrough: { variation: 1 } }));

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  test('streams: initial data, changes, new flags, deletions', async () => {
    const relay = await relayWith();
    const client = clientOf(`http://127.0.0.1:${relay.port}`, { dataSourceOptionsType: 'streamingOnly' });
    await client.waitForInitialization({ timeout: 10 });
    assert.equal(await variation(client), 'a');
    turn(relay, 2);
    await eventually(async () => assert.equal(await variation(client), 'b'));
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('new', 1));
    await eventually(async () => assert.equal(await variation(client, 'new'), 'a'));
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/new', version: 2 });
    await eventually(async () => assert.equal(await variation(client, 'new'), 'default'));
    // An upstream that starts again with fewer flags: a full transfer on the open stream.
    relay.upstream.send(KEYS.sdk, 'put', { path: '/', data: { flags: { two: simpleFlag('two', 4) }, segments: {} } });
    await eventually(async () => assert.equal(await variation(client), 'default'));
    assert.equal(await variation(client, 'two'), 'a');
  });

  test('polls: initial data', async () => {
    const relay = await relayWith();
    const front = closeLater(await startFront(relay.port));
    const client = clientOf(front.url, { dataSourceOptionsType: 'pollingOnly', pollInterval: 30 });
    await client.waitForInitialization({ timeout: 10 });
    assert.equal(await variation(client), 'a');
    assert.match(requests(front).join(), /^GET \/sdk\/poll HTTP/);
  });

  test('evaluates segments and prerequisites of a full transfer like those of a put', async () => {
    const rules = [{ clauses: [{ attribute: '', op: 'segmentMatch', values: ['seg'] }], variation: 1 }];
    const { segments, flags } = sampleData();
    const relay = await relayWith({ segments, flags: { ...flags, one: simpleFlag('one', 1, { rules }) } });
    const client = clientOf(`http://127.0.0.1:${relay.port}`, { dataSourceOptionsType: 'streamingOnly' });
    await client.waitForInitialization({ timeout: 10 });
    assert.equal(await variation(client), 'b');
  });

  test('poll, then stream with the basis: nothing is sent twice', async () => {
    const relay = await relayWith();
    const front = closeLater(await startFront(relay.port));
    const client = clientOf(front.url, { dataSourceOptionsType: 'standard' });
    await client.waitForInitialization({ timeout: 10 });
    assert.equal(await variation(client), 'a');
    const stream = await streamOf(front, 0);
    assert.match(stream.request(), /^GET \/sdk\/stream\?basis=[\w-]{22} HTTP/m);
    await eventually(() => assert.deepEqual(eventsOf(stream), ['server-intent none']));
    turn(relay, 2);
    await eventually(async () => assert.equal(await variation(client), 'b'));
    assert.deepEqual(eventsOf(stream), ['server-intent none', 'put-object', 'payload-transferred']);
  });

  test('reconnects to another relay with equal data: intent none only; later changes arrive', async () => {
    const [first, second] = [await relayWith(), await relayWith()];
    const front = closeLater(await startFront(first.port));
    const client = clientOf(front.url, { dataSourceOptionsType: 'standard', streamInitialReconnectDelay: 0.01 });
    await client.waitForInitialization({ timeout: 10 });
    await streamOf(front, 0);
    front.moveTo(second.port);
    const again = await streamOf(front, 1);
    await eventually(() => assert.deepEqual(eventsOf(again), ['server-intent none']));
    assert.equal(await variation(client), 'a');
    turn(second, 2);
    await eventually(async () => assert.equal(await variation(client), 'b'));
  });

  test('reconnects to another relay after changes that both have seen: only those', async () => {
    const [first, second] = [await relayWith(), await relayWith()];
    const front = closeLater(await startFront(first.port));
    const client = clientOf(front.url, { dataSourceOptionsType: 'standard', streamInitialReconnectDelay: 0.01 });
    await client.waitForInitialization({ timeout: 10 });
    await streamOf(front, 0);
    // Another SDK makes the second relay follow the changes.
    const other = clientOf(`http://127.0.0.1:${second.port}`, { dataSourceOptionsType: 'streamingOnly' });
    await other.waitForInitialization({ timeout: 10 });
    for (const relay of [first, second]) turn(relay, 2);
    for (const one of [client, other]) await eventually(async () => assert.equal(await variation(one), 'b'));
    front.moveTo(second.port);
    const again = await streamOf(front, 1);
    // The SDK names the basis that it opened its first stream with, so it gets the change a second time.
    await eventually(() =>
      assert.deepEqual(eventsOf(again), ['server-intent xfer-changes', 'put-object', 'payload-transferred']),
    );
    assert.equal(await variation(client), 'b');
  });

  test('reconnects to a relay with other data: a full transfer replaces everything', async () => {
    const first = await relayWith();
    const second = await relayWith({ flags: { two: simpleFlag('two', 9) }, segments: {} });
    const front = closeLater(await startFront(first.port));
    const client = clientOf(front.url, { dataSourceOptionsType: 'standard', streamInitialReconnectDelay: 0.01 });
    await client.waitForInitialization({ timeout: 10 });
    assert.equal(await variation(client), 'a');
    front.moveTo(second.port);
    await eventually(async () => assert.equal(await variation(client), 'default'));
    assert.equal(await variation(client, 'two'), 'a');
  });

  test('a relay without data yet: the SDK tries again after the 503, and gets them', async () => {
    const silent = closeLater(await startUpstream());
    silent.add(KEYS.sdk, sampleData(), 'silent');
    const relay = closeLater(await startTestRelay({ upstream: { streamUri: silent.url, initTimeoutMs: 50 } }));
    const front = closeLater(await startFront(relay.port));
    const client = clientOf(front.url, { dataSourceOptionsType: 'streamingOnly', streamInitialReconnectDelay: 0.01 });
    await eventually(() => assert.ok(front.exchanges.some(({ response }) => response().startsWith('HTTP/1.1 503'))));
    silent.mode(KEYS.sdk, 'ok');
    await client.waitForInitialization({ timeout: 30 });
    assert.equal(await variation(client), 'a');
  });
});

const requests = (front: Front): string[] => front.exchanges.map(({ request }) => request().split('\r\n', 1)[0] ?? '');

/** The nth stream that was opened and answered, maybe on the connection of an earlier poll. */
const streamOf = (front: Front, index: number): Promise<Exchange> =>
  eventually(() => {
    const opened = front.exchanges.filter(
      ({ request, response }) => request().includes('GET /sdk/stream') && response().includes('event: '),
    );
    assert.ok(opened.length > index, 'no such stream');
    return opened[index]!;
  });

/** Names of the events that were sent, with the code of an intent. */
const eventsOf = ({ response }: Exchange): string[] =>
  [...response().matchAll(/^event: (.*)\r?\ndata: (.*)$/gm)].map(([, event, data]) => {
    const intent = /"intentCode":"([^"]*)"/.exec(data ?? '');
    return intent === null ? (event ?? '') : `${event} ${intent[1]}`;
  });
