import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, openStream } from '../../testing/client.ts';
import { eventually } from '../../testing/eventually.ts';
import { recordingLogger } from '../../testing/logger.ts';
import { KEYS, simpleFlag, startTestRelay, untilReady } from '../../testing/relay.ts';
import { startSseServer } from '../../testing/sse-server.ts';

test('one flag that cannot be read: its former state is served, the others change, and log, metric and status name it', {
  timeout: 30_000,
}, async () => {
  await using server = await startSseServer();
  const logger = recordingLogger();
  const relay = await startTestRelay({ upstream: { streamUri: server.url } }, undefined, logger);
  try {
    const link = await server.next();
    const put = (flags: object) => link.event('put', { path: '/', data: { flags, segments: {} } });
    put({ good: simpleFlag('good'), bad: simpleFlag('bad') });
    await untilReady(relay);
    const headers = { Authorization: KEYS.sdk };
    const sdk = await openStream(relay.port, '/all', { headers });
    await sdk.until(() => sdk.events().length === 1);
    put({
      good: simpleFlag('good', 2),
      bad: simpleFlag('bad', 2, { rules: [{ clauses: 'private' }] }),
      new: { on: 1 },
    });
    await sdk.until(() => sdk.events().length === 2);
    const { flags } = JSON.parse(sdk.events()[1]!.data).data;
    assert.deepEqual([flags.good.version, flags.bad.version, flags.new], [2, 1, undefined]);
    const refused = async () =>
      Object.values<{ refusedItems?: Record<string, string>; status: string }>(
        JSON.parse((await ask(relay.port, '/status')).text).environments,
      ).map(({ refusedItems, status }) => [status, refusedItems]);
    await eventually(async () =>
      assert.deepEqual(await refused(), [
        [
          'connected',
          {
            'flags/bad': '/flags/bad/rules/0/clauses: expected array or null, got string',
            'flags/new': '/flags/new/on: expected boolean, got number',
          },
        ],
      ]),
    );
    assert.match(await relay.relay.metrics.metrics(), /flagrelay_items_refused_total\{[^}]*flags[^}]*\} [1-9]/);
    const line = logger.lines.find(({ key }) => key === 'bad');
    assert.deepEqual([line?.level, line?.environment], ['error', 'test']);
    assert.doesNotMatch(JSON.stringify(logger.lines), /private/);
    link.event('patch', { path: '/flags/bad', data: simpleFlag('bad', 3) });
    link.event('patch', { path: '/flags/good', data: simpleFlag('good', 3, { salt: 5 }) });
    await eventually(async () => {
      const [one] = await refused();
      assert.deepEqual(Object.keys(one?.[1] ?? {}).sort(), ['flags/good', 'flags/new']);
    });
    put({ good: simpleFlag('good', 4) });
    await eventually(async () => assert.deepEqual(await refused(), [['connected', undefined]]));
    assert.equal(server.count, 1, 'the stream was not opened again');
    sdk.close();
  } finally {
    await relay.close();
  }
});
