import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createTestCa, type TestCa } from '../testing/certificates.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import { createKeyGate, type KeyGateTiming } from './key-gate.ts';
import type { FleetStatus } from './peers.ts';

let ca: TestCa;
before(() => {
  ca = createTestCa();
});
after(() => ca[Symbol.dispose]());

const TWO = { names: ['two'], awaited: [{ name: 'two', credentials: ['sdk'] }] } as const;
const SERVED: FleetStatus = {
  environments: [{ name: 'two', connectedInstances: 1 }],
  instances: [{ name: 'flags-relay-old-aaaaa', ready: true }],
};
const UNKNOWN = 'environment two: no key here, and it is not known yet whether other pods have it';
const HELD = 'environment two has no key here, and 1 other pod serves it';

/** A gate, and an API server that answers what it is told; status 0: nothing at all. */
async function setUp(answer: { status: number; fleet: FleetStatus }, timing: Partial<KeyGateTiming> = {}) {
  const urls: string[] = [];
  const server = createServer(ca.server, (request, response) => {
    urls.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    if (answer.status === 0) return;
    response.statusCode = answer.status;
    response.end(JSON.stringify(answer.status === 200 ? { status: answer.fleet } : { message: 'no' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-sa-'));
  writeFileSync(join(directory, 'token'), 'token-1\n');
  writeFileSync(join(directory, 'ca.crt'), ca.ca);
  const logger = recordingLogger();
  let changes = 0;
  const gate = createKeyGate({
    config: { relayProxy: 'flags' },
    env: {
      POD_NAME: 'flags-relay-new-bbbbb',
      POD_NAMESPACE: 'ns',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
    },
    logger,
    changed: () => {
      changes += 1;
    },
    account: { directory },
    timing: { lookMs: 20, timeoutMs: 200, retryMs: 5, giveUpMs: 60_000, ...timing },
  });
  return {
    gate,
    urls,
    logger,
    changes: () => changes,
    looks: (count: number) => eventually(() => assert.ok(urls.length >= count, `${urls.length} of ${count} looks`)),
    until: (expected: string | undefined) => eventually(() => assert.equal(gate.holds(TWO), expected)),
    [Symbol.asyncDispose]: async () => {
      await gate.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
}

describe('the gate of a pod that lacks a key', { timeout: 30_000 }, () => {
  test('nobody is asked for a pod that lacks none', async () => {
    await using t = await setUp({ status: 200, fleet: SERVED });
    assert.equal(t.gate.holds({ names: ['two'], awaited: [] }), undefined);
    assert.deepEqual(t.urls, []);
  });

  test('it holds while other pods serve the environment, and opens when two looks in a row find nobody', async () => {
    const answer = { status: 200, fleet: SERVED };
    await using t = await setUp(answer);
    assert.equal(t.gate.holds(TWO), UNKNOWN);
    await t.until(HELD);
    assert.equal(t.urls[0], 'GET /apis/flagrelay.dev/v1alpha1/namespaces/ns/relayproxies/flags/status Bearer token-1');
    await t.looks(3);
    assert.equal(t.gate.holds(TWO), HELD);
    answer.fleet = {};
    await t.until(undefined);
    assert.equal(t.changes(), 2, 'told once that it is held, once that it is not');
    answer.fleet = SERVED;
    assert.equal(t.gate.holds(TWO), undefined, 'it is never closed again');
    assert.equal(t.logger.lines.filter(({ message }) => message.startsWith('not ready')).length, 1);
  });

  test('it says when the environment may have had another name', async () => {
    const fleet = { instances: [{ name: 'flags-relay-old-aaaaa', ready: true, totalEnvironments: 1 }] };
    await using t = await setUp({ status: 200, fleet });
    await t.until('environment two has no key here, and may be one that 1 other pod serves under another name');
  });

  test('it opens as soon as the key is there', async () => {
    await using t = await setUp({ status: 200, fleet: SERVED });
    await t.until(HELD);
    assert.equal(t.gate.holds({ names: ['two'], awaited: [] }), undefined);
  });

  test('it opens at the first look where nobody serves the environment, or there is no such RelayProxy', async () => {
    for (const answer of [
      { status: 200, fleet: {} },
      { status: 404, fleet: {} },
    ]) {
      await using t = await setUp(answer);
      await t.until(undefined);
      assert.equal(t.urls.length, 1);
    }
  });

  test('while the API server does not answer it holds, and asks again', async () => {
    for (const status of [0, 403, 503]) {
      await using t = await setUp({ status, fleet: {} }, { timeoutMs: 30, giveUpMs: 60_000 });
      assert.equal(t.gate.holds(TWO), UNKNOWN);
      await t.looks(2);
      assert.equal(t.gate.holds(TWO), UNKNOWN);
    }
  });

  test('an API server that has not answered for a bounded time holds nobody', async () => {
    for (const status of [0, 403, 503]) {
      await using t = await setUp({ status, fleet: {} }, { timeoutMs: 30, giveUpMs: 50 });
      assert.equal(t.gate.holds(TWO), UNKNOWN);
      await t.until(undefined);
      assert.match(t.logger.lines.at(-1)?.message ?? '', /^cannot ask whether other pods serve/);
    }
  });

  test('an answer that others serve holds while there is no other answer', async () => {
    const answer = { status: 200, fleet: SERVED };
    await using t = await setUp(answer, { giveUpMs: 1 });
    await t.until(HELD);
    answer.status = 503;
    const seen = t.urls.length;
    await t.looks(seen + 3);
    assert.equal(t.gate.holds(TWO), HELD);
  });
});
