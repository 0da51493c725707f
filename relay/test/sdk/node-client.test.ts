import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { initialize, type LDClient } from 'launchdarkly-node-client-sdk';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';

describe('launchdarkly-node-client-sdk, streaming through the relay', () => {
  let relay: TestRelay;
  let client: LDClient;
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-node-client-'));
  const clientFor = async (options: object = {}): Promise<LDClient> => {
    const base = `http://127.0.0.1:${relay.port}`;
    const made = initialize(
      KEYS.env,
      { kind: 'user', key: 'alice' },
      {
        baseUrl: base,
        streamUrl: base,
        eventsUrl: base,
        streaming: true,
        sendEvents: false,
        diagnosticOptOut: true,
        localStoragePath: folder,
        ...options,
      },
    );
    await made.waitForInitialization(10);
    return made;
  };
  before(async () => {
    relay = await startTestRelay();
    await untilReady(relay);
    client = await clientFor();
  });
  after(async () => {
    await client.close();
    await relay.close();
    rmSync(folder, { recursive: true });
  });

  test('initialises and evaluates', () => {
    assert.equal(client.variation('one', 'default'), 'a');
  });

  test('sees a change through a ping and the poll behind it', async () => {
    await eventually(() => assert.equal(relay.relay.streams(), 1));
    relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 7, { fallthrough: { variation: 1 } }));
    await eventually(() => assert.equal(client.variation('one', 'default'), 'b'));
  });

  test('identifies as somebody else', async () => {
    relay.upstream.patchFlag(
      KEYS.sdk,
      simpleFlag('one', 8, { targets: [{ variation: 0, values: ['bob'] }], fallthrough: { variation: 1 } }),
    );
    await eventually(() => assert.equal(client.variation('one', 'default'), 'b'));
    await client.identify({ kind: 'user', key: 'bob' });
    assert.equal(client.variation('one', 'default'), 'a');
  });

  test('sends its context by REPORT', async () => {
    const reporting = await clientFor({ useReport: true });
    try {
      assert.equal(reporting.variation('two', 'default'), 'b');
    } finally {
      await reporting.close();
    }
  });
});
