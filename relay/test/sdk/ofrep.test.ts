import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { type Client, OpenFeature } from '@openfeature/server-sdk';
import { KEYS, simpleFlag, startTestRelay, type TestRelay, untilReady } from '../../src/testing/relay.ts';

const ALICE = { targetingKey: 'alice' };

describe('@openfeature/server-sdk with the official OFREP provider', () => {
  let relay: TestRelay;
  const clientWith = async (name: string, headers: [string, string][]): Promise<Client> => {
    const provider = new OFREPProvider({ baseUrl: `http://127.0.0.1:${relay.port}`, headers });
    await OpenFeature.setProviderAndWait(name, provider);
    return OpenFeature.getClient(name);
  };
  before(async () => {
    relay = await startTestRelay(
      {},
      {
        flags: {
          bool: simpleFlag('bool', 1, { variations: [true, false] }),
          number: simpleFlag('number', 1, { variations: [1.5, 2], targets: [{ variation: 1, values: ['alice'] }] }),
          object: simpleFlag('object', 1, { variations: [{ a: [1] }, {}] }),
          string: simpleFlag('string', 4, { on: false }),
          none: simpleFlag('none', 1, { on: false, offVariation: null }),
        },
        segments: {},
      },
    );
    await untilReady(relay);
  });
  after(async () => {
    await OpenFeature.close();
    await relay.close();
  });

  test('every type of value, with variant, reason and metadata', async () => {
    const client = await clientWith('server', [['Authorization', `Bearer ${KEYS.sdk}`]]);
    assert.equal(await client.getBooleanValue('bool', false, ALICE), true);
    assert.equal(await client.getNumberValue('number', 0, ALICE), 2);
    assert.equal(await client.getNumberValue('number', 0, { targetingKey: 'bob' }), 1.5);
    assert.deepEqual(await client.getObjectValue('object', {}, ALICE), { a: [1] });
    const details = await client.getStringDetails('string', 'default', ALICE);
    assert.deepEqual(
      [details.value, details.variant, details.reason, details.flagMetadata],
      ['b', '1', 'DISABLED', { version: 4 }],
    );
    assert.equal(await client.getStringValue('none', 'default', ALICE), 'default');
  });

  test('failures give the default and the code', async () => {
    const client = await clientWith('failures', [['X-API-Key', KEYS.mobile]]);
    for (const [key, context, code] of [
      ['missing', ALICE, 'FLAG_NOT_FOUND'],
      ['string', {}, 'TARGETING_KEY_MISSING'],
      ['string', { targetingKey: 'a', kind: '/' }, 'INVALID_CONTEXT'],
      ['bool', ALICE, 'TYPE_MISMATCH'],
    ] as const) {
      const details = await client.getStringDetails(key, 'default', context);
      assert.deepEqual([details.value, details.errorCode], ['default', code]);
    }
    const stranger = await clientWith('stranger', [['X-API-Key', 'nobody']]);
    assert.equal(await stranger.getStringValue('string', 'default', ALICE), 'default');
  });
});
