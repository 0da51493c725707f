import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DataSet } from '../../../data/data.ts';
import { type EventSink, type SunkPost, startEventSink } from '../../../testing/event-sink.ts';
import { eventually } from '../../../testing/eventually.ts';
import { recordingLogger } from '../../../testing/logger.ts';
import { createUpstreamDispatcher } from '../../../upstream/dispatcher.ts';
import { parseDataSet } from '../model/parse.ts';
import { createEventForwarder } from './forwarder.ts';
import { EventMemory } from './memory.ts';
import type { EventBatch, EventFamily } from './types.ts';

interface Settings {
  readonly capacity?: number;
  readonly flushMs?: number;
  readonly pauseMs?: number;
  readonly bytes?: number;
  readonly waitMs?: number;
  readonly maxAgeMs?: number;
}

function start(sink: Pick<EventSink, 'url'>, settings: Settings = {}) {
  const { capacity = 1000, flushMs = 20, pauseMs = 50, bytes = 10_000_000, waitMs = 300, maxAgeMs = 60_000 } = settings;
  const environment = {
    sdkKey: 'sdk-key',
    mobileKey: 'mob-key',
    envId: 'env-id',
    data: (): Promise<DataSet | undefined> => Promise.resolve(undefined),
  };
  const memory = new EventMemory(bytes);
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
    memory,
    pauseMs,
    failedMs: 20,
    retryMs: 20,
    waitMs,
    maxAgeMs,
    metrics: {
      received: (n) => count('received', n),
      forwarded: (n) => count('forwarded', n),
      dropped: (n, reason) => count(reason, n),
      diagnosticDropped: (reason) => count(`diagnostic ${reason}`, 1),
      delayed: () => count('delayed', 1),
      turnedAway: () => count('turned away', 1),
    },
  });
  return {
    forwarder,
    environment,
    memory,
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
  return {
    metadata: { family, schema, tags },
    body: Buffer.from(body),
    payloadId: undefined,
    unsummarized: false,
    ...rest,
  };
}

describe('forwarding of events (contract 5.3)', { timeout: 60_000 }, () => {
  test('a batch goes to its endpoint with its credential, schema, tags and id', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    const id = '11111111-2222-4333-8444-555555555555';
    void t.forwarder.accept({ ...batch('[{"kind":"custom"}]', { tags: 'application-id/a' }), payloadId: id });
    void t.forwarder.accept(batch('[1]', { family: 'mobile', schema: 3 }));
    void t.forwarder.accept(batch('[2]', { family: 'browser' }));
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
      void t.forwarder.accept(batch(`["${schema}${tags}"]`, { schema, tags }));
    }
    await sink.received(3);
    assert.deepEqual(sink.posts.map((post) => post.text).sort(), ['["3"]', '["4"]', '["4a","4a"]']);
  });

  test('events of an SDK that does not summarise leave as schema 4', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    const event =
      '{"kind":"feature","creationDate":5,"key":"f","version":1,"variation":0,"value":1,"user":{"key":"u"}}';
    void t.forwarder.accept({ ...batch(`[${event},${event},7]`, { schema: 2 }), unsummarized: true });
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
      void t.forwarder.accept(batch('[1]'));
      const posts = await sink.received(2);
      const ids = posts.map(({ headers }) => headers['x-launchdarkly-payload-id']);
      assert.equal(ids[0], ids[1]);
      await t.until('forwarded', 1);
    });
  }

  test('what upstream fails to take is kept, and sent under the same id when it works again', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    sink.answers.push(503, 503, 0, 429, 500);
    void t.forwarder.accept(batch('[1,2]'));
    await sink.received(2);
    void t.forwarder.accept(batch('[3]'));
    await t.until('forwarded', 3);
    const ids = new Set(sink.posts.filter(({ text }) => text === '[1,2]').map((post) => payloadId(post)));
    assert.equal(ids.size, 1);
    await t.forwarder.close();
    assert.equal(t.memory.used, 0);
  });

  test('what could not be sent for too long is given up and counted', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { maxAgeMs: 0 });
    sink.answers.push(503, 503);
    void t.forwarder.accept(batch('[1,2]'));
    await t.until('failed', 2);
    void t.forwarder.accept(batch('[3]'));
    await t.until('forwarded', 1);
  });

  test('413 loses the batch without a second try', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    sink.answers.push(413);
    void t.forwarder.accept(batch('[1]'));
    await t.until('too_large', 1);
    void t.forwarder.accept(batch('[2]'));
    await t.until('forwarded', 1);
    assert.equal(sink.posts.length, 2);
  });

  test('401 pauses the endpoint, which then recovers by itself (contract 14, row 27)', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    sink.answers.push(401, 401);
    void t.forwarder.accept(batch('[1]'));
    await t.until('refused', 1);
    void t.forwarder.accept(batch('[2]'));
    await t.until('refused', 2);
    void t.forwarder.accept(batch('[3]'));
    void t.forwarder.accept(batch('["mobile"]', { family: 'mobile' }));
    await t.until('forwarded', 2);
    assert.doesNotMatch(JSON.stringify(t.logger.lines), /sdk-key/);
  });

  test('a new key ends the pause at once', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { pauseMs: 600_000 });
    sink.answers.push(401);
    void t.forwarder.accept(batch('[1]'));
    await t.until('refused', 1);
    void t.forwarder.accept(batch('[2]'));
    t.environment.sdkKey = 'sdk-new';
    await t.until('forwarded', 1);
    assert.equal(sink.posts.at(-1)?.headers.authorization, 'sdk-new');
  });

  for (const [status, reason] of [
    [400, 'rejected'],
    [413, 'too_large'],
    [422, 'rejected'],
  ] as const) {
    test(`of a payload that gets ${status} only the events are lost that upstream does not take`, async () => {
      await using sink = await startEventSink((text) => (text.includes('"bad"') ? status : 202));
      await using t = start(sink, { flushMs: 100 });
      for (let n = 0; n < 50; n++) void t.forwarder.accept(batch(n % 20 === 7 ? `[${n},"bad"]` : `[${n},"good"]`));
      await t.until('forwarded', 97);
      assert.equal(t.counts.get(reason), 3);
      const taken = sink.posts.filter((post) => post.status === 202).flatMap(({ text }) => JSON.parse(text));
      assert.deepEqual(
        taken.filter((event) => typeof event === 'number').sort((a, b) => a - b),
        Array.from({ length: 50 }, (_, n) => n),
      );
      assert.ok(sink.posts.length < 60, `${sink.posts.length} posts`);
      await t.forwarder.close();
      assert.equal(t.memory.used, 0);
    });
  }

  test('the search for events that upstream does not take is bounded', async () => {
    await using sink = await startEventSink(() => 400);
    await using t = start(sink, { flushMs: 100 });
    void t.forwarder.accept(batch(JSON.stringify(Array.from({ length: 1000 }, (_, n) => n))));
    await t.until('rejected', 1000);
    assert.ok(sink.posts.length < 200, `${sink.posts.length} posts`);
  });

  test('a status that speaks of the payload does not stop the others of the family', async () => {
    await using sink = await startEventSink((text) => (text === '["431"]' ? 431 : 202));
    await using t = start(sink, { pauseMs: 600_000 });
    void t.forwarder.accept(batch('["431"]', { tags: 'huge' }));
    await t.until('rejected', 1);
    void t.forwarder.accept(batch('["good"]'));
    await t.until('forwarded', 1);
  });

  test('a full queue is sent at once, and nothing of a batch is left out', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { capacity: 3, flushMs: 3_600_000 });
    for (const body of ['[1,2]', '[3,4]', '[5,6,7,8,9]']) assert.equal(await t.forwarder.accept(batch(body)), 'taken');
    await t.until('forwarded', 9);
    assert.deepEqual(sink.posts.map(({ text }) => text).sort(), ['[1,2]', '[3,4]', '[5,6,7,8,9]']);
  });

  test('more tags than there are queues are no reason to lose anything', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { flushMs: 100, bytes: 50_000_000, waitMs: 30_000 });
    const answers = Array.from({ length: 200 }, (_, n) => t.forwarder.accept(batch('[1]', { tags: `t/${n}` })));
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['taken']));
    await t.until('forwarded', 200);
    assert.equal(new Set(sink.posts.map(({ headers }) => headers['x-launchdarkly-tags'])).size, 200);
  });

  test('when too much is on its way an answer waits, and is given when there is room', async () => {
    const held = Promise.withResolvers<void>();
    await using sink = await startEventSink(async () => {
      await held.promise;
      return 202;
    });
    await using t = start(sink, { capacity: 1, flushMs: 10, waitMs: 30_000 });
    for (let n = 0; n < 6; n++) assert.equal(t.forwarder.accept(batch(`[${n}]`)), 'taken');
    const answers = [6, 7].map((n) => t.forwarder.accept(batch(`[${n}]`)));
    assert.ok(answers.every((answer) => typeof answer !== 'string'));
    assert.equal(t.counts.get('delayed'), 2);
    held.resolve();
    assert.deepEqual(await Promise.all(answers), ['taken', 'taken']);
    await t.until('forwarded', 8);
  });

  test('who has waited for too long is turned away, and who has gone is not taken', async () => {
    const held = Promise.withResolvers<void>();
    await using sink = await startEventSink(async () => {
      await held.promise;
      return 202;
    });
    await using t = start(sink, { capacity: 1, flushMs: 1_000, waitMs: 50 });
    for (let n = 0; n < 6; n++) void t.forwarder.accept(batch(`[${n}]`));
    const gone = t.forwarder.accept({ ...batch('["gone"]'), gone: () => true });
    const late = t.forwarder.accept(batch('["late"]'));
    assert.deepEqual(await Promise.all([gone, late]), ['busy', 'busy']);
    assert.equal(t.counts.get('turned away'), 2);
    assert.equal(await t.forwarder.accept(batch('["at once"]')), 'busy');
    assert.equal(t.counts.get('delayed'), 2, 'while nothing arrives upstream, nobody waits in vain again');
    held.resolve();
    await t.until('forwarded', 6);
    assert.equal(t.counts.get('received'), 6);
    assert.equal(t.logger.lines.filter(({ message }) => /no room/.test(message)).length, 1, 'one line for the episode');
    await t.forwarder.close();
    assert.equal(t.memory.used, 0);
  });

  test('one kind of credential that sends too much leaves room for the others', async () => {
    await using sink = await startEventSink((_text, path) => (path === '/bulk' ? 202 : 503));
    await using t = start(sink, { bytes: 3_000_000, waitMs: 20 });
    const big = `["${'x'.repeat(200_000)}"]`;
    let taken = 0;
    while ((await t.forwarder.accept(batch(big, { family: 'browser', tags: `${taken % 10}` }))) === 'taken') taken += 1;
    assert.ok(taken > 3 && taken < 50, `${taken}`);
    assert.ok(t.memory.queued.used <= 1_000_000, `${t.memory.queued.used}`);
    assert.equal(t.forwarder.accept(batch(big)), 'taken');
    await t.until('forwarded', 1);
  });

  test('a batch that there can never be room for is refused as too large', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { bytes: 3_000_000 });
    const huge = `["${'x'.repeat(1_000_000)}"]`;
    assert.equal(await t.forwarder.accept(batch(huge)), 'too_large');
    assert.equal(await t.forwarder.accept({ ...batch(huge), unsummarized: true }), 'too_large');
    await t.forwarder.close();
    assert.equal(t.memory.used, 0);
  });

  test('an event that cannot be summarised does not take its neighbours with it', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    const deep = `{"kind":"feature","key":"f","version":1,"value":${'['.repeat(50_000)}${']'.repeat(50_000)},"user":{"key":"u"}}`;
    const data = parseDataSet('{"flags":{"f":{"key":"f","version":1,"variations":[[[1]]]}}}');
    t.environment.data = () => Promise.resolve(data);
    const good = '{"kind":"custom","key":"c","user":{"key":"u"}}';
    await t.forwarder.accept({ ...batch(`[${good},${deep},${good}]`, { schema: 1 }), unsummarized: true });
    await sink.received(1);
    const kinds = sink.posts.flatMap(({ text }) => JSON.parse(text)).map(({ kind }) => kind);
    assert.deepEqual(
      kinds.filter((kind) => kind === 'custom'),
      ['custom', 'custom'],
    );
  });

  test('a large batch that is summarised is sent in parts while it comes in', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { capacity: 10, flushMs: 3_600_000, waitMs: 30_000 });
    const events = Array.from({ length: 300 }, (_, n) => ({ kind: 'custom', key: `${n}`, user: { key: 'u' } }));
    assert.equal(
      await t.forwarder.accept({ ...batch(JSON.stringify(events), { schema: 2 }), unsummarized: true }),
      'taken',
    );
    await t.forwarder.close();
    const keys = sink.posts
      .flatMap(({ text }) => JSON.parse(text))
      .flatMap(({ kind, key }) => (kind === 'custom' ? [key] : []));
    assert.equal(new Set(keys).size, 300);
  });

  test('flags that are not there in time are done without', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { waitMs: 20 });
    t.environment.data = () => new Promise(() => {});
    const event = '{"kind":"custom","key":"c","user":{"key":"u"}}';
    assert.equal(await t.forwarder.accept({ ...batch(`[${event}]`), unsummarized: true }), 'taken');
    t.environment.data = () => Promise.reject(new Error('no store'));
    assert.equal(await t.forwarder.accept({ ...batch(`[${event}]`), unsummarized: true }), 'taken');
    await t.until('forwarded', 3);
  });

  test('nothing is sent for an empty array or for what is no array', async () => {
    await using sink = await startEventSink();
    await using t = start(sink);
    for (const body of ['[]', '{}', 'not json']) void t.forwarder.accept(batch(body));
    void t.forwarder.accept(batch('["end"]'));
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
    void t.forwarder.accept(batch('[1]'));
    await t.forwarder.close();
    assert.deepEqual(
      sink.posts.map((post) => post.text),
      ['[1]'],
    );
    assert.equal(t.forwarder.accept(batch('[2]')), 'busy');
    assert.equal(sink.posts.length, 1);
  });

  test('a batch whose flags are being looked up is sent when the forwarder closes', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { flushMs: 3_600_000, waitMs: 10_000 });
    const data = Promise.withResolvers<undefined>();
    t.environment.data = () => data.promise;
    const accepted = t.forwarder.accept({
      ...batch('[{"kind":"custom","key":"c","user":{"key":"u"}}]'),
      unsummarized: true,
    });
    const closed = t.forwarder.close();
    data.resolve(undefined);
    assert.equal(await accepted, 'taken');
    await closed;
    assert.deepEqual(
      JSON.parse(sink.posts[0]?.text ?? '').map(({ kind }: { kind: string }) => kind),
      ['index', 'custom'],
    );
  });

  test('a batch whose flags are still being looked up at the end is not taken: its client has it', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { flushMs: 3_600_000, waitMs: 60_000 });
    const data = Promise.withResolvers<undefined>();
    t.environment.data = () => data.promise;
    const accepted = t.forwarder.accept({
      ...batch('[{"kind":"custom","key":"c","user":{"key":"u"}}]'),
      unsummarized: true,
    });
    await t.forwarder.close(10);
    data.resolve(undefined);
    assert.equal(await accepted, 'busy');
    assert.deepEqual([...t.counts], [['turned away', 1]], 'neither received nor lost');
    assert.equal(t.memory.used, 0);
  });

  test('what cannot be sent before the end is counted', async () => {
    await using sink = await startEventSink(() => new Promise(() => {}));
    await using t = start(sink, { capacity: 2, flushMs: 10 });
    for (let n = 0; n < 6; n++) void t.forwarder.accept(batch('[1,2]'));
    await t.forwarder.close(50);
    assert.equal(t.counts.get('shutdown'), 12);
    await t.forwarder.close();
    assert.equal(t.memory.used, 0);
  });

  test('going down, it sends soon, and no longer waits for the flush', async () => {
    await using sink = await startEventSink();
    await using t = start(sink, { flushMs: 3_600_000 });
    void t.forwarder.accept(batch('[1]'));
    t.forwarder.hurry();
    await sink.received(1);
  });
});

function payloadId({ headers }: SunkPost): unknown {
  return headers['x-launchdarkly-payload-id'];
}
