import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { createClient } from '@launchdarkly/js-client-sdk';
import { EventSource } from 'undici';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, SILENT, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';
import { startFront } from './front.ts';

// What a browser has and Node keeps behind a flag.
Object.assign(globalThis, { EventSource });

/** What is used of the SDK: its own types build on declarations that do not resolve here. */
interface Client {
  start(options: object): Promise<{ readonly status: string }>;
  identify(context: object): Promise<unknown>;
  variation(key: string, fallback: string): unknown;
  on(event: 'change', listener: (context: object, keys: string[]) => void): void;
  close(): Promise<void>;
}

const ALICE = { kind: 'user', key: 'alice' };
const forAlice = { targets: [{ variation: 1, values: ['alice'] }] };

describe('@launchdarkly/js-client-sdk with its FDv2 data system (contract 11.3)', () => {
  const closers: (() => unknown)[] = [];
  const closeLater = <T extends { close(): unknown }>(thing: T): T => {
    closers.push(() => thing.close());
    return thing;
  };
  const relayWith = async (environment: object = {}): Promise<TestRelay> => {
    const relay = closeLater(
      await startTestRelay(
        { environments: [{ name: 'test', sdkKey: KEYS.sdk, envId: KEYS.env, ...environment }] },
        { flags: { one: simpleFlag('one', 1, forAlice), two: simpleFlag('two') }, segments: {} },
      ),
    );
    await untilReady(relay);
    return relay;
  };
  const clientOf = (url: string, options: object = {}): Client =>
    closeLater(
      createClient(KEYS.env, ALICE, {
        baseUri: url,
        streamUri: url,
        eventsUri: url,
        sendEvents: false,
        diagnosticOptOut: true,
        fetchGoals: false,
        logger: SILENT,
        dataSystem: {},
        ...options,
      }) as unknown as Client,
    );

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  test('one shot: a poll with the evaluated flags of its context', async () => {
    const relay = await relayWith();
    const front = closeLater(await startFront(relay.port));
    const client = clientOf(front.url, { withReasons: true });
    assert.deepEqual(await client.start({ timeout: 10 }), { status: 'complete' });
    assert.equal(client.variation('one', 'default'), 'b');
    assert.equal(client.variation('two', 'default'), 'a');
    assert.match(front.exchanges[0]!.request(), /^GET \/sdk\/poll\/eval\/[\w=-]+\?auth=5f0000000000000000000001/);
    assert.ok(
      front.exchanges.every(({ request }) => !request().includes('/sdk/evalx')),
      'no way around FDv2',
    );
    await client.identify({ kind: 'user', key: 'bob' });
    assert.equal(client.variation('one', 'default'), 'a');
  });

  test('streaming: a ping, then a poll with the basis; changes and deletions arrive', async () => {
    const relay = await relayWith();
    const front = closeLater(await startFront(relay.port));
    const client = clientOf(front.url, { streaming: true });
    const sent = () => front.exchanges.map(({ request }) => request()).join('\n');
    const answers = () => front.exchanges.map(({ response }) => response()).join('\n');
    const changes: string[][] = [];
    client.on('change', (_context, keys) => changes.push(keys));
    assert.deepEqual(await client.start({ timeout: 10 }), { status: 'complete' });
    await eventually(() => assert.match(sent(), /GET \/sdk\/stream\/eval\/\S*auth=/));
    // The ping of the new stream tells nothing new.
    await eventually(() => assert.match(answers(), /"intentCode":"none"/));
    assert.match(sent(), /GET \/sdk\/poll\/eval\/\S*basis=[\w-]{22} /);
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('two', 2, { fallthrough: { variation: 1 } }));
    await eventually(() => assert.equal(client.variation('two', 'default'), 'b'));
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('three', 1));
    await eventually(() => assert.equal(client.variation('three', 'default'), 'a'));
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/three', version: 2 });
    await eventually(() => assert.equal(client.variation('three', 'default'), 'default'));
    assert.ok(changes.some((keys) => keys.includes('two')));
  });

  test('secure mode: the hash goes with each request', async () => {
    const sdkKey = 'sdk-22222222-2688-4a59-9810-1e0e3d798982';
    const hash = 'fb4e483b223fac572a5bc13957b0d40a43806a9f21705b33eb83306e8d270e5f';
    const relay = closeLater(
      await startTestRelay({ environments: [{ name: 'test', sdkKey, envId: KEYS.env, secureMode: true }] }),
    );
    relay.upstream.add(sdkKey, { flags: { one: simpleFlag('one') }, segments: {} });
    await untilReady(relay);
    const url = `http://127.0.0.1:${relay.port}`;
    const client = clientOf(url);
    assert.deepEqual(await client.start({ timeout: 10, identifyOptions: { hash } }), { status: 'complete' });
    assert.equal(client.variation('one', 'default'), 'a');
    const refused = await clientOf(url).start({ timeout: 10 });
    assert.notEqual(refused.status, 'complete');
  });
});
