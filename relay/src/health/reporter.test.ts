import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { StartupError } from '../errors.ts';
import { createTestCa, type TestCa } from '../testing/certificates.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import type { InstanceFacts } from './report-item.ts';
import { createReporter, type ReporterTiming } from './reporter.ts';

let ca: TestCa;
before(() => {
  ca = createTestCa();
});
after(() => ca[Symbol.dispose]());

interface Received {
  readonly url: string;
  readonly method: string;
  readonly type: string;
  readonly token: string;
  readonly body: { status: { instances: [Record<string, unknown>] } };
}

/** An API server that answers what it is told: a status, or nothing at all. */
async function startApi() {
  const received: Received[] = [];
  const api = { status: 200, hang: false, received };
  const server = createServer(ca.server, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push({
      url: request.url ?? '',
      method: request.method ?? '',
      type: request.headers['content-type'] ?? '',
      token: request.headers.authorization ?? '',
      body: JSON.parse(text),
    });
    if (api.hang) return;
    response.statusCode = api.status;
    response.end(JSON.stringify({ kind: 'Status', message: `answer ${api.status}` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { api, port: (server.address() as AddressInfo).port, close };
}

const fast: ReporterTiming = { debounceMs: 5, connectionsMs: 10, retryMs: 5, maxRetryMs: 20 };

async function setUp(timing: Partial<ReporterTiming> = {}) {
  const { api, port, close } = await startApi();
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-sa-'));
  const absences: (string | undefined)[] = [];
  writeFileSync(join(directory, 'token'), 'token-1\n');
  writeFileSync(join(directory, 'ca.crt'), ca.ca);
  let facts: InstanceFacts = { ready: true, connections: 1, connectedEnvironments: 1, environments: [] };
  const logger = recordingLogger();
  const reporter = createReporter({
    config: { relayProxy: 'flags' },
    version: '0.1.0',
    env: {
      POD_NAME: 'pod-1',
      POD_NAMESPACE: 'ns',
      POD_UID: 'uid',
      POD_ZONE: 'zone-a',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(port),
    },
    facts: () => facts,
    logger,
    account: { directory, onAbsent: (problem) => absences.push(problem) },
    timing: { ...fast, ...timing },
  });
  return {
    api,
    logger,
    reporter,
    directory,
    absences,
    set: (change: Partial<InstanceFacts>) => {
      facts = { ...facts, ...change };
      reporter.changed();
    },
    received: (count: number) =>
      eventually(() => {
        assert.ok(api.received.length >= count, `${api.received.length} of ${count} reports`);
        return api.received;
      }),
    [Symbol.asyncDispose]: async () => {
      await reporter.close();
      await close();
      rmSync(directory, { recursive: true });
    },
  };
}

describe('reporter', { timeout: 30_000 }, () => {
  test('the item is applied to the status of the RelayProxy by its own field manager', async () => {
    await using t = await setUp();
    t.reporter.changed();
    const [first] = await t.received(1);
    const path = '/apis/flagrelay.dev/v1alpha1/namespaces/ns/relayproxies/flags/status';
    assert.equal(first?.url, `${path}?fieldManager=flagrelay%2Fpod-1&force=true`);
    assert.equal(first?.method, 'PATCH');
    assert.equal(first?.type, 'application/apply-patch+yaml');
    assert.equal(first?.token, 'Bearer token-1');
    const { lastReportTime, ...item } = first?.body.status.instances[0] ?? {};
    assert.match(String(lastReportTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(item, {
      name: 'pod-1',
      uid: 'uid',
      zone: 'zone-a',
      version: '0.1.0',
      ready: true,
      connections: 1,
      connectedEnvironments: 1,
      totalEnvironments: 0,
      unhealthy: [],
    });
    assert.deepEqual(t.reporter.item(), item, 'and whoever asks is told the same');
  });

  test('changes are gathered, and no change is no report', async () => {
    await using t = await setUp({ debounceMs: 50 });
    for (let i = 0; i < 100; i++) t.set({ connections: i });
    await t.received(1);
    for (let i = 0; i < 100; i++) t.reporter.changed();
    t.set({ ready: false });
    const received = await t.received(2);
    assert.deepEqual(
      received.map(({ body }) => [body.status.instances[0].connections, body.status.instances[0].ready]),
      [
        [99, true],
        [99, false],
      ],
    );
  });

  test('a change of the connections alone waits longer, but not when something else changes with it', async () => {
    await using t = await setUp({ connectionsMs: 3_600_000 });
    t.reporter.changed();
    await t.received(1);
    t.set({ connections: 50 });
    t.set({ ready: false });
    const received = await t.received(2);
    assert.equal(received[1]?.body.status.instances[0].connections, 50);
  });

  for (const [status, text, problem] of [
    [404, /no RelayProxy ns\/flags/, 'NotFound'],
    [403, /may not patch/, 'Forbidden'],
    [401, /token .* read again for each attempt/, 'TokenRefused'],
    [422, /invalid/, 'Invalid'],
    [503, /cannot patch/, 'Failed'],
  ] as const) {
    test(`${status} is retried, explained once, and healed`, async () => {
      await using t = await setUp();
      t.api.status = status;
      t.reporter.changed();
      await t.received(4);
      assert.equal(t.reporter.item().reportProblem, problem, 'whoever asks is told why there is no report');
      t.api.status = 200;
      await eventually(() => assert.ok(t.logger.lines.some((line) => line.message.includes('to the cluster again'))));
      assert.equal(t.reporter.item().reportProblem, undefined);
      const warnings = t.logger.lines.filter((line) => line.level === 'warn');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]?.message ?? '', text);
      assert.match(String(warnings[0]?.error), new RegExp(`: answer ${status}$`));
      assert.doesNotMatch(JSON.stringify(t.logger.lines), /token-1/);
    });
  }

  test('what is sent after a failure is what is true then', async () => {
    await using t = await setUp({ retryMs: 200, maxRetryMs: 200 });
    t.api.status = 500;
    t.reporter.changed();
    await t.received(1);
    t.api.status = 200;
    t.set({ connections: 7 });
    const received = await t.received(2);
    assert.equal(received[1]?.body.status.instances[0].connections, 7);
  });

  test('the token and the CA are read again for each report', async () => {
    await using t = await setUp();
    t.reporter.changed();
    await t.received(1);
    writeFileSync(join(t.directory, 'token'), 'token-2');
    writeFileSync(join(t.directory, 'ca.crt'), `${ca.ca}\n`);
    t.set({ ready: false });
    assert.equal((await t.received(2))[1]?.token, 'Bearer token-2');
  });

  test('a token that is gone for a while stays in use, and its absence is told', async () => {
    await using t = await setUp();
    t.reporter.changed();
    await t.received(1);
    rmSync(join(t.directory, 'token'));
    t.set({ ready: false });
    assert.equal((await t.received(2))[1]?.token, 'Bearer token-1');
    assert.deepEqual([t.absences.at(0), t.absences.at(-1)?.includes('cannot be read')], [undefined, true]);
    writeFileSync(join(t.directory, 'token'), '');
    t.set({ ready: true });
    assert.equal((await t.received(3))[2]?.token, 'Bearer token-1', 'an empty file is as good as none');
    writeFileSync(join(t.directory, 'token'), 'token-2');
    t.set({ ready: false });
    assert.equal((await t.received(4))[3]?.token, 'Bearer token-2');
    assert.equal(t.absences.at(-1), undefined);
  });

  test('a missing token is a problem to retry, not a crash', async () => {
    await using t = await setUp();
    rmSync(join(t.directory, 'token'));
    t.reporter.changed();
    await eventually(() => assert.match(String(t.logger.lines[0]?.error), /token and ca.crt cannot be read/));
    writeFileSync(join(t.directory, 'token'), 'token-3');
    await t.received(1);
  });

  test('closing cuts a report that hangs', async () => {
    await using t = await setUp();
    t.api.hang = true;
    t.reporter.changed();
    await t.received(1);
    await t.reporter.close();
    t.reporter.changed();
    assert.equal(t.api.received.length, 1);
  });

  test('outside of a pod the missing variable is named', () => {
    const start = (env: Record<string, string>) =>
      createReporter({
        config: { relayProxy: 'flags' },
        version: '0',
        env,
        facts: () => assert.fail('not asked'),
        logger: recordingLogger(),
      });
    assert.throws(() => start({}), StartupError);
    assert.throws(() => start({ POD_NAME: 'a' }), /POD_NAMESPACE/);
    assert.throws(() => start({ POD_NAME: 'a', POD_NAMESPACE: 'b' }), /KUBERNETES_SERVICE_HOST/);
  });
});
