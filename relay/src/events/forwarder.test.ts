import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventSink, startEventSink } from '../testing/event-sink.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import { createUpstreamDispatcher } from '../upstream/dispatcher.ts';
import { createEventForwarder } from './forwarder.ts';
import type { EventBatch, EventFamily } from './types.ts';

function start(sink: EventSink, { capacity = 1000, flushMs = 20, pauseMs = 50 } = {}) {
  const environment = {
    sdkKey: 'sdk-key',
    mobileKey: 'mob-key',
    envId: 'env-id',
    data: () => Promise.resolve(undefined),
  };
  const counts = new Map<string, number>();
  const count = (name: string, by: number) => counts.set(name, (counts.get(name) ?? 0) + by);
  const dispatcher = createUpstreamDispatcher(undefined, {});
  const logger = recordingLogger();
  const forwarder = createEventForwarder({
    config: { capacity, flushMs },
    eventsUri: `${sink.url}/`,
    environment,
    dispatcher,
    logger,
    pauseMs,
    retryMs: 20,
    metrics: {
      received: (n) => count('received', n),
      forwarded: (n) => count('forwarded', n),
      dropped: (n, reason) => count(reason, n),
      diagnosticDropped: (reason) => count(`diagnostic ${reason}`, 1),
    },
  });
  return {
    forwarder,
    environment,
    logger,
    counts,
    until: (name: string, value: number) => eventually(() => assert.equal(counts.get(name), value)),
    [Symbol.asyncDispose]: async () => {
      await forwarder.close();
      await dispatcher.close();
    },
  };
}

function batch(body: string, { family = 'server' as EventFamily, schema = 4, tags = '', ...rest } = {}): EventBatch {
  return { metadata: { family, schema, tags }, body, payloadId: undefined, unsummarized: false, ...rest };
}

describe('forwarding of events (contract 5.3)', { timeout: 60_000 }, () => {
  test('a batch goes to its endpoint with its credential, schema, tags and id', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    const id = '11111111-2222-4333-8444-555555555555';
    t.forwarder.accept({ ...batch('[{"kind":"custom"}]', { tags: 'application-id/a' }), payloadId: id });
    t.forwarder.accept(batch('[1]', { family: 'mobile', schema: 3 }));
    t.forwarder.accept(batch('[2]', { family: 'browser' }));
    const posts = [...(await sink.received(3))].sort((a, b) => (a.path < b.path ? -1 : 1));
    assert.deepEqual(
      posts.map(({ path, headers, text }) => [
        path,
        headers.authorization,
        headers['x-launchdarkly-event-schema'],
        headers['x-launchdarkly-tags'],
        text,
      ]),
      [
        ['/bulk', 'sdk-key', '4', 'application-id/a', '[{"kind":"custom"}]'],
        ['/events/bulk/env-id', undefined, '4', undefined, '[2]'],
        ['/mobile', 'mob-key', '3', undefined, '[1]'],
      ],
    );
    assert.equal(posts[0]?.headers['x-launchdarkly-payload-id'], id);
    assert.match(String(posts[1]?.headers['x-launchdarkly-payload-id']), /^[0-9a-f-]{36}$/);
    for (const { headers } of posts) {
      assert.equal(headers['content-encoding'], 'gzip');
      assert.equal(headers['content-type'], 'application/json');
    }
    await t.until('forwarded', 3);
  });

  test('batches of different schemas and tags are kept apart, equal ones are joined', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { flushMs: 200 });
    for (const [schema, tags] of [
      [3, ''],
      [4, ''],
      [4, 'a'],
      [4, 'a'],
    ] as const) {
      t.forwarder.accept(batch(`["${schema}${tags}"]`, { schema, tags }));
    }
    await sink.received(3);
    assert.deepEqual(sink.posts.map((post) => post.text).sort(), ['["3"]', '["4"]', '["4a","4a"]']);
  });

  test('events of an SDK that does not summarise leave as schema 4', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    const event =
      '{"kind":"feature","creationDate":5,"key":"f","version":1,"variation":0,"value":1,"user":{"key":"u"}}';
    t.forwarder.accept({ ...batch(`[${event},${event},7]`, { schema: 2 }), unsummarized: true });
    const [post] = await sink.received(1);
    assert.equal(post?.headers['x-launchdarkly-event-schema'], '4');
    const kinds = JSON.parse(post?.text ?? '').map((sent: { kind: string }) => sent.kind);
    assert.deepEqual(kinds, ['index', 'summary']);
    assert.equal(t.counts.get('received'), 3);
    assert.equal(t.counts.get('invalid'), 1);
  });

  for (const status of [0, 400, 408, 429, 500, 503]) {
    test(`after ${status === 0 ? 'a cut connection' : status} it tries once more with the same id`, async () => {
      await using sink = await startEventSink();
      await using t = start(sink);
      sink.answers.push(status);
      t.forwarder.accept(batch('[1]'));
      const posts = await sink.received(2);
      const ids = posts.map(({ headers }) => headers['x-launchdarkly-payload-id']);
      assert.equal(ids[0], ids[1]);
      await t.until('forwarded', 1);
    });
  }

  test('two failures lose the batch and are counted; the next batch goes out', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    sink.answers.push(503, 503);
    t.forwarder.accept(batch('[1,2]'));
    await t.until('failed', 2);
    t.forwarder.accept(batch('[3]'));
    await t.until('forwarded', 1);
  });

  test('413 loses the batch without a second try', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    sink.answers.push(413);
    t.forwarder.accept(batch('[1]'));
    await t.until('too_large', 1);
    t.forwarder.accept(batch('[2]'));
    await t.until('forwarded', 1);
    assert.equal(sink.posts.length, 2);
  });

  test('401 pauses the endpoint, which then recovers by itself (contract 14, row 27)', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    sink.answers.push(401, 401);
    t.forwarder.accept(batch('[1]'));
    await t.until('refused', 1);
    t.forwarder.accept(batch('[2]'));
    await t.until('refused', 2);
    t.forwarder.accept(batch('[3]'));
    t.forwarder.accept(batch('["mobile"]', { family: 'mobile' }));
    await t.until('forwarded', 2);
    assert.doesNotMatch(JSON.stringify(t.logger.lines), /sdk-key/);
  });

  test('a new key ends the pause at once', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { pauseMs: 600_000 });
    sink.answers.push(401);
    t.forwarder.accept(batch('[1]'));
    await t.until('refused', 1);
    t.forwarder.accept(batch('[2]'));
    t.environment.sdkKey = 'sdk-new';
    await t.until('forwarded', 1);
    assert.equal(sink.posts.at(-1)?.headers.authorization, 'sdk-new');
  });

  test('a full queue and too many tags are dropped and counted', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { capacity: 2, flushMs: 300 });
    t.forwarder.accept(batch('[1,2,3]'));
    assert.equal(t.counts.get('capacity'), 1);
    for (let i = 0; i < 40; i++) t.forwarder.accept(batch('[1]', { tags: `t/${i}` }));
    assert.equal(t.counts.get('queues'), 9);
    assert.equal(t.logger.lines.filter((line) => line.level === 'warn').length, 1, 'one line for the episode');
    await t.until('forwarded', 33);
  });

  test('nothing is sent for an empty array or for what is no array', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    for (const body of ['[]', '{}', 'not json']) t.forwarder.accept(batch(body));
    t.forwarder.accept(batch('["end"]'));
    await t.until('forwarded', 1);
    assert.deepEqual(
      sink.posts.map((post) => post.text),
      ['["end"]'],
    );
    assert.equal(t.counts.get('invalid'), 2);
  });

  test('closing sends what is queued', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { flushMs: 3_600_000 });
    t.forwarder.accept(batch('[1]'));
    await t.forwarder.close();
    assert.deepEqual(
      sink.posts.map((post) => post.text),
      ['[1]'],
    );
    t.forwarder.accept(batch('[2]'));
    assert.equal(sink.posts.length, 1);
  });
});
