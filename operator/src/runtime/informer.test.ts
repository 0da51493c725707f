import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, TransportError } from '@flagrelay/kube/api-error';
import { createFakeClock, settle } from '@flagrelay/kube/testing/fake-clock';
import { createInformer } from './informer.ts';
import { objectKey } from './objects.ts';
import type { ObjectList, WatchEvent } from './rest-types.ts';
import { type ConfigMap, configMap, configMaps, recordingLogger, testMetrics } from './testing/fixtures.ts';
import { createScriptedClient, type WatchScript } from './testing/scripted-watch.ts';

const list = (resourceVersion: string, ...items: ConfigMap[]): ObjectList<ConfigMap> => ({ items, resourceVersion });
const added = (key: string, version: string): WatchEvent<ConfigMap> => ({
  type: 'ADDED',
  object: configMap(key, version),
});
const bookmark = (resourceVersion: string, annotations?: Record<string, string>): WatchEvent<ConfigMap> => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion, ...(annotations && { annotations }) } },
});
const initialEnd = (version: string) => bookmark(version, { 'k8s.io/initial-events-end': 'true' });
const refusal = (code: number, retryAfterMs?: number) =>
  new ApiError({ code, reason: 'Test', message: 'test', retryAfterMs, request: 'GET /test' });
const reset = () => new TransportError('connection', 'GET /test', 'ECONNRESET');

interface SetUp {
  lists?: readonly (ObjectList<ConfigMap> | Error)[];
  watches: readonly WatchScript<ConfigMap>[];
  streamingList?: boolean;
  namespaces?: string[];
}

function setUp({ lists = [], watches, streamingList = false, namespaces }: SetUp) {
  const clock = createFakeClock();
  const logger = recordingLogger();
  const { client, asked } = createScriptedClient(lists, watches);
  const stop = new AbortController();
  const informer = createInformer<ConfigMap>({
    client,
    type: configMaps,
    streamingList,
    namespaces,
    clock,
    random: () => 0.001,
    logger,
    metrics: testMetrics(),
  });
  const seen: string[] = [];
  informer.onChange(({ type, object, initial }) =>
    seen.push(`${type} ${objectKey(object)}${initial ? ' initial' : ''}`),
  );
  const running = informer.run(stop.signal);
  const end = async () => {
    stop.abort();
    await clock.advance(0);
    await running;
    assert.equal(clock.pending, 0, 'a timer was left');
  };
  return { informer, asked, clock, logger, seen, end };
}

describe('informer', () => {
  it('lists, then watches from the version of the list with bookmarks and a random timeout', async () => {
    const { informer, asked, seen, end } = setUp({
      lists: [list('10', configMap('n/a', '5'))],
      watches: [{ events: [added('n/b', '11')] }],
    });
    await informer.waitForSync(AbortSignal.timeout(1_000));
    await settle();
    assert.deepEqual(seen, ['added n/a initial', 'added n/b']);
    assert.equal(asked.watches[0]?.resourceVersion, '10');
    assert.equal(asked.watches[0]?.timeoutSeconds, 240);
    assert.equal(asked.watches[0]?.inactivityMs, 75_000);
    await end();
  });

  it('streams its first state, shows it whole, and goes on with the same watch', async () => {
    const { informer, asked, seen, end } = setUp({
      streamingList: true,
      watches: [{ events: [added('n/a', '5'), added('n/b', '6'), initialEnd('7'), added('n/c', '8')] }],
    });
    await settle();
    assert.deepEqual(seen, ['added n/a initial', 'added n/b initial', 'added n/c']);
    assert.equal(asked.watches[0]?.sendInitialEvents, true);
    assert.equal(asked.lists.length, 0);
    assert.equal(informer.hasSynced(), true);
    await end();
  });

  it('shows nothing of a streaming list that breaks half-way', async () => {
    const { informer, seen, clock, end } = setUp({
      streamingList: true,
      watches: [{ events: [added('n/a', '5')], fails: reset() }, { events: [added('n/b', '6'), initialEnd('7')] }],
    });
    await settle();
    assert.deepEqual(seen, []);
    assert.equal(informer.hasSynced(), false);
    await clock.advance(800);
    assert.deepEqual(seen, ['added n/b initial']);
    await end();
  });

  for (const code of [400, 422]) {
    it(`falls back to paged lists for good when the server answers ${code}`, async () => {
      const { informer, asked, clock, end } = setUp({
        streamingList: true,
        lists: [list('10', configMap('n/a', '5'))],
        watches: [{ fails: refusal(code) }, { fails: refusal(410) }, {}],
      });
      await clock.advance(5_000);
      assert.equal(informer.hasSynced(), true);
      assert.equal(asked.lists.length, 2);
      assert.equal(asked.watches.filter(({ sendInitialEvents }) => sendInitialEvents).length, 1);
      await end();
    });
  }

  it('goes on from its last bookmark after a clean end, without a list', async () => {
    const { asked, seen, end } = setUp({
      lists: [list('10')],
      watches: [{ events: [bookmark('42')], ends: true }, {}],
    });
    await settle();
    assert.deepEqual(
      asked.watches.map(({ resourceVersion }) => resourceVersion),
      ['10', '42'],
    );
    assert.equal(asked.lists.length, 1);
    assert.deepEqual(seen, []);
    await end();
  });

  it('lists again after 410 and tells only what changed, deletes included (#494, #572)', async () => {
    const { informer, seen, clock, end } = setUp({
      lists: [
        list('10', configMap('n/a', '5'), configMap('n/b', '6')),
        list('90', configMap('n/a', '5'), configMap('n/c', '80')),
      ],
      watches: [{ fails: refusal(410) }, {}],
    });
    await clock.advance(800);
    assert.deepEqual(seen, ['added n/a initial', 'added n/b initial', 'added n/c', 'deleted n/b']);
    assert.equal(informer.store.size, 2);
    await end();
  });

  for (const [what, failure] of [
    ['a reset connection (#1496)', reset()],
    ['a server error (#447)', refusal(500)],
    ['an error nobody expected', new Error('surprise')],
  ] as const) {
    it(`watches again after ${what}, from where it was`, async () => {
      const { asked, seen, clock, end } = setUp({
        lists: [list('10')],
        watches: [{ events: [added('n/a', '11')], fails: failure }, { events: [added('n/b', '12')] }],
      });
      await clock.advance(800);
      assert.deepEqual(seen, ['added n/a', 'added n/b']);
      assert.equal(asked.watches[1]?.resourceVersion, '11');
      assert.equal(asked.lists.length, 1);
      await end();
    });
  }

  it('survives that its first list fails (#2222)', async () => {
    const { informer, clock, end } = setUp({ lists: [refusal(500), reset(), list('10')], watches: [{}] });
    await settle();
    assert.equal(informer.hasSynced(), false);
    await clock.advance(800 + 1_600);
    assert.equal(informer.hasSynced(), true);
    await end();
  });

  it('opens few watches when each ends at once (#1933)', async () => {
    const { asked, clock, end } = setUp({ lists: [list('10')], watches: [{ ends: true }] });
    await clock.advance(120_000);
    // 0.8 + 1.6 + 3.2 + 6.4 + 12.8 + 25.6 + 30 + 30 s
    assert.ok(asked.watches.length <= 9, `${asked.watches.length} watches in two minutes`);
    await end();
  });

  it('slows down in a storm of 410', async () => {
    const { asked, clock, end } = setUp({ lists: [list('10')], watches: [{ fails: refusal(410) }] });
    await clock.advance(120_000);
    assert.ok(asked.lists.length <= 9, `${asked.lists.length} lists in two minutes`);
    await end();
  });

  it('waits as long as Retry-After says', async () => {
    const { asked, clock, end } = setUp({ lists: [list('10')], watches: [{ fails: refusal(429, 20_000) }, {}] });
    await clock.advance(19_999);
    assert.equal(asked.watches.length, 1);
    await clock.advance(1);
    assert.equal(asked.watches.length, 2);
    await end();
  });

  it('is not stopped by a handler that throws', async () => {
    const { informer, logger, seen, end } = setUp({ lists: [list('10')], watches: [{ events: [added('n/a', '11')] }] });
    informer.onChange(() => {
      throw new Error('handler');
    });
    await settle();
    assert.deepEqual(seen, ['added n/a']);
    assert.ok(logger.lines.some(({ level, message }) => level === 'error' && message === 'Change handler failed'));
    await end();
  });

  it('does not tell a replayed event', async () => {
    const { seen, end } = setUp({
      lists: [list('10', configMap('n/a', '5'))],
      watches: [{ events: [added('n/a', '5'), added('n/a', '11')] }],
    });
    await settle();
    assert.deepEqual(seen, ['added n/a initial', 'updated n/a']);
    await end();
  });

  it('watches each of several namespaces and has synced with the last', async () => {
    const { informer, asked, end } = setUp({
      namespaces: ['n', 'm', 'n'],
      lists: [list('10'), refusal(403)],
      watches: [{}],
    });
    await settle();
    assert.deepEqual(
      asked.lists.map(({ namespace }) => namespace),
      ['n', 'm'],
    );
    assert.equal(informer.hasSynced(), false);
    await end();
  });

  it('ends quietly while it waits for its backoff', async () => {
    const { end } = setUp({ lists: [refusal(500)], watches: [{}] });
    await settle();
    await end();
  });

  it('gives up waiting for the sync with the signal', async () => {
    const { informer, end } = setUp({ lists: [refusal(500)], watches: [{}] });
    await assert.rejects(informer.waitForSync(AbortSignal.abort(new Error('no longer'))), /no longer/);
    await end();
  });
});

describe('informer transforms', () => {
  it('drop managedFields and what the transform drops', async () => {
    const object = configMap('n/a', '5', { big: 'x' });
    const { client } = createScriptedClient(
      [list('10', { ...object, metadata: { ...object.metadata, managedFields: [{}] } })],
      [{}],
    );
    const stop = new AbortController();
    const informer = createInformer<ConfigMap>({
      client,
      type: configMaps,
      streamingList: false,
      transform: ({ data: _dropped, ...rest }) => rest,
      logger: recordingLogger(),
      metrics: testMetrics(),
    });
    const running = informer.run(stop.signal);
    await informer.waitForSync(AbortSignal.timeout(1_000));
    assert.deepEqual(informer.store.getByKey('n/a'), configMap('n/a', '5'));
    stop.abort();
    await running;
  });
});
