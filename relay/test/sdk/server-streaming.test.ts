import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { init, type LDClient } from '@launchdarkly/node-server-sdk';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';

const ALICE = { kind: 'user', key: 'alice' };

describe('@launchdarkly/node-server-sdk, streaming through the relay', () => {
  let relay: TestRelay;
  let client: LDClient;
  before(async () => {
    relay = await startTestRelay();
    await untilReady(relay);
    const base = `http://127.0.0.1:${relay.port}`;
    client = init(KEYS.sdk, {
      baseUri: base,
      streamUri: base,
      eventsUri: base,
      sendEvents: false,
      diagnosticOptOut: true,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    await client.waitForInitialization({ timeout: 10 });
  });
  after(async () => {
    client.close();
    await relay.close();
  });

  test('initialises and evaluates', async () => {
    assert.equal(await client.variation('one', ALICE, 'default'), 'a');
    assert.equal(await client.variation('two', ALICE, 'default'), 'b');
    assert.equal(await client.variation('nosuch', ALICE, 'default'), 'default');
  });

  test('sees a change and a deletion without polling', async () => {
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 5, { fallthrough: { variation: 1 } }));
    await eventually(async () => assert.equal(await client.variation('one', ALICE, 'default'), 'b'));
    relay.upstream.send(KEYS.sdk, 'delete', { path: '/flags/two', version: 9 });
    await eventually(async () => assert.equal(await client.variation('two', ALICE, 'default'), 'default'));
  });

  test('gets the new data when upstream was away', async () => {
    relay.upstream.drop(KEYS.sdk);
    await eventually(() => assert.equal(relay.upstream.connected(KEYS.sdk), 1));
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('three', 1));
    await eventually(async () => assert.equal(await client.variation('three', ALICE, 'default'), 'a'));
  });
});

describe('@launchdarkly/node-server-sdk, polling through the relay (ld-relay 8 has no path for it)', () => {
  test('initialises and evaluates', async () => {
    const relay = await startTestRelay();
    const base = `http://127.0.0.1:${relay.port}`;
    await untilReady(relay);
    const client = init(KEYS.sdk, {
      baseUri: base,
      stream: false,
      sendEvents: false,
      diagnosticOptOut: true,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    });
    try {
      await client.waitForInitialization({ timeout: 10 });
      assert.equal(await client.variation('one', ALICE, 'default'), 'a');
    } finally {
      client.close();
      await relay.close();
    }
  });
});
