import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedBytes } from '../../../memory/shared-bytes.ts';
import { parseDataSet } from '../model/parse.ts';
import { createPayloadQueue } from './payload-queue.ts';
import { createSummarizer, type Summarizer } from './summarizer.ts';

const NOW = 1_700_000_000_000;
const user = { key: 'u', name: 'N', big: 1 };
const feature = {
  kind: 'feature',
  creationDate: NOW,
  key: 'f',
  version: 3,
  variation: 1,
  value: 'x',
  default: 'd',
  user,
};
const data = parseDataSet(
  JSON.stringify({
    flags: {
      f: { key: 'f', version: 3, variations: ['a', { b: [1] }], trackEvents: true, debugEventsUntilDate: NOW + 5 },
    },
  }),
);

/** A summariser with its memory. */
function start({ capacity = 100, bytes = 1_000_000 } = {}): Summarizer & { readonly memory: SharedBytes } {
  const memory = new SharedBytes(bytes);
  const share = memory.share();
  return Object.assign(createSummarizer(capacity, createPayloadQueue(share), share), { memory });
}

/** The text of the next payload, which is then let go. */
function takeText(summarizer: Summarizer): string {
  const payload = summarizer.take();
  const text = payload?.body.toString() ?? '[]';
  assert.equal(JSON.parse(text).length, payload?.count ?? 0);
  payload?.release();
  return text;
}

function take(summarizer: Summarizer): Record<string, unknown>[] {
  return JSON.parse(takeText(summarizer));
}

test('each version of a flag is counted apart', () => {
  const summarizer = start();
  for (const version of [3, 4, 3]) summarizer.add(JSON.stringify({ ...feature, version }), 2, undefined, NOW);
  const summary = take(summarizer).at(-1) as { features: { f: { counters: unknown } } };
  assert.deepEqual(summary.features.f.counters, [
    { variation: 1, version: 3, value: 'x', count: 2 },
    { variation: 1, version: 4, value: 'x', count: 1 },
  ]);
});

test('an evaluation becomes an index event once and a counter each time', () => {
  const summarizer = start();
  for (const creationDate of [NOW + 7, NOW, NOW + 3]) {
    assert.equal(summarizer.add(JSON.stringify({ ...feature, creationDate }), 2, undefined, NOW), undefined);
  }
  summarizer.add(JSON.stringify({ ...feature, version: undefined, variation: undefined }), 2, undefined, NOW);
  assert.deepEqual(take(summarizer), [
    { kind: 'index', creationDate: NOW + 7, context: user },
    {
      kind: 'summary',
      startDate: NOW,
      endDate: NOW + 7,
      features: {
        f: {
          default: 'd',
          counters: [
            { variation: 1, version: 3, value: 'x', count: 3 },
            { unknown: true, value: 'x', count: 1 },
          ],
          contextKinds: ['user'],
        },
      },
    },
  ]);
  assert.equal(summarizer.take(), undefined);
  summarizer.add(JSON.stringify(feature), 2, undefined, NOW + 299_999);
  assert.deepEqual(
    take(summarizer).map((event) => event.kind),
    ['summary'],
    'the context is known for five minutes',
  );
  summarizer.add(JSON.stringify(feature), 2, undefined, NOW + 600_000);
  assert.deepEqual(
    take(summarizer).map((event) => event.kind),
    ['index', 'summary'],
  );
});

test('what the event says of tracking and debugging counts, texts stay as they are', () => {
  const summarizer = start();
  const text =
    '{"kind":"feature","creationDate":1,"key":"f","version":1,"variation":0,"value":12345678901234567890,"default":1.0,' +
    `"context":{"kind":"user","key":"u","n":1e2},"trackEvents":true,"debugEventsUntilDate":${NOW + 1},` +
    '"reason":{"kind":"OFF"},"samplingRatio":4}';
  summarizer.add(text, 4, undefined, NOW);
  const body = takeText(summarizer);
  assert.match(
    body,
    /"kind":"feature","creationDate":1,"key":"f","version":1,"context":\{"kind":"user","key":"u","n":1e2\}/,
  );
  assert.match(body, /"value":12345678901234567890,"default":1\.0,"reason":\{"kind":"OFF"\},"samplingRatio":4\}/);
  assert.deepEqual(
    JSON.parse(body).map((event: { kind: string }) => event.kind),
    ['index', 'feature', 'debug', 'summary'],
  );
});

test('what the event leaves out is taken from the flag, for schema 1 the variation as well', () => {
  const summarizer = start();
  const { variation: _, ...old } = { ...feature, value: { b: [1] } };
  summarizer.add(JSON.stringify(old), 1, data, NOW);
  const events = take(summarizer);
  assert.deepEqual(
    events.map((event) => event.kind),
    ['index', 'feature', 'debug', 'summary'],
  );
  assert.equal(events[1]?.variation, 1);
  summarizer.add(JSON.stringify(old), 2, data, NOW + 10);
  const later = take(summarizer);
  assert.deepEqual(
    later.map((event) => event.kind),
    ['feature', 'summary'],
    'debugging is over',
  );
  assert.equal(later[0]?.variation, undefined, 'schema 2 leaves it out on purpose');
});

test("debugging ends by upstream's clock as well", () => {
  const summarizer = start();
  summarizer.serverTime(NOW + 6);
  summarizer.add(JSON.stringify(feature), 2, data, NOW);
  assert.ok(take(summarizer).every((event) => event.kind !== 'debug'));
});

test('custom events get context keys, identify events the whole context, unknown kinds pass', () => {
  const summarizer = start();
  const context = { kind: 'multi', user: { key: 'u' }, __proto__x: { key: 'p' }, org: { key: 'o', a: 1 } };
  const events = [
    { kind: 'identify', creationDate: 1, context },
    { kind: 'custom', creationDate: 2, key: 'c', context, data: null, metricValue: 2.5 },
    { kind: 'alias', anything: [1] },
  ];
  for (const event of events) assert.equal(summarizer.add(JSON.stringify(event), 4, undefined, NOW), undefined);
  assert.deepEqual(take(summarizer), [
    { kind: 'identify', creationDate: 1, context },
    {
      kind: 'custom',
      creationDate: 2,
      key: 'c',
      contextKeys: { __proto__x: 'p', org: 'o', user: 'u' },
      metricValue: 2.5,
    },
    { kind: 'alias', anything: [1] },
  ]);
});

test('an older user may have an empty key; fractions of a version are cut off', () => {
  const summarizer = start();
  assert.equal(
    summarizer.add(JSON.stringify({ ...feature, version: 4.5, user: { key: '' } }), 2, undefined, NOW),
    undefined,
  );
  assert.match(takeText(summarizer), /"version":4,"value"/);
});

test('excluded evaluations are not counted', () => {
  const summarizer = start();
  summarizer.add(JSON.stringify({ ...feature, excludeFromSummaries: true }), 4, undefined, NOW);
  assert.deepEqual(
    take(summarizer).map((event) => event.kind),
    ['index'],
  );
});

for (const bad of [
  '1',
  'null',
  '{}',
  '{"kind":"feature","key":"f"}',
  '{"kind":"feature","key":7,"user":{"key":"u"}}',
  '{"kind":"custom","key":"c","user":{"name":"no key"}}',
  '{"kind":"identify","context":{"kind":"multi"}}',
  '{"kind":"identify","context":{"kind":"user","key":""}}',
  '{"kind":"identify","context":{"kind":"multi","org":{"key":""}}}',
  '{"kind":"feature","key":"f","version":"1","user":{"key":"u"}}',
  '{"kind":"feature","key":"f","version":1e400,"user":{"key":"u"}}',
  '{"kind":"feature","key":"f","version":1,"variation":-1e16,"user":{"key":"u"}}',
  '{"kind":"feature","key":"f","samplingRatio":1e400,"user":{"key":"u"}}',
  '{"kind":"feature","key":"f","debugEventsUntilDate":1e400,"user":{"key":"u"}}',
  '{"kind":"custom","key":"c","metricValue":1e400,"user":{"key":"u"}}',
  '{"kind":"identify","creationDate":-1e400,"user":{"key":"u"}}',
  '{"kind":"identify","creationDate":"1","user":{"key":"u"}}',
]) {
  test(`${bad} is left out`, () => {
    const summarizer = start();
    assert.equal(summarizer.add(bad, 2, undefined, NOW), 'invalid');
    assert.equal(summarizer.take(), undefined);
  });
}

test('what a full queue does not take is taken after it was emptied, and nothing of it before', () => {
  const summarizer = start({ capacity: 2 });
  const custom = (key: string) => JSON.stringify({ kind: 'custom', key, user });
  assert.equal(summarizer.add(custom('1'), 2, undefined, NOW), undefined);
  assert.equal(summarizer.add(custom('2'), 2, undefined, NOW), 'full');
  assert.equal(summarizer.add(JSON.stringify(feature), 2, undefined, NOW), undefined, 'counters need no place');
  assert.deepEqual(
    take(summarizer).map(({ kind }) => kind),
    ['index', 'custom', 'summary'],
  );
  assert.equal(summarizer.add(custom('2'), 2, undefined, NOW), undefined);
  assert.deepEqual(
    take(summarizer).map(({ kind }) => kind),
    ['custom'],
  );
});

test('made-up flag keys are bounded by number, and go out as several events', () => {
  const summarizer = start({ bytes: 50_000_000 });
  let full = 0;
  for (let i = 0; i < 10_100; i++) {
    const made = JSON.stringify({ ...feature, key: `made-up-${i}` });
    if (summarizer.add(made, 2, undefined, NOW) === 'full') full += 1;
  }
  assert.equal(full, 100);
  const keys = new Set<string>();
  let payloads = 0;
  while (!summarizer.empty) {
    payloads += 1;
    for (const event of take(summarizer)) for (const key of Object.keys(event.features ?? {})) keys.add(key);
  }
  assert.equal(keys.size, 10_000);
  assert.ok(payloads > 5, `${payloads}`);
});

test('a flag with many large values is told of in several events, and no count is lost', () => {
  const summarizer = start({ bytes: 50_000_000 });
  for (let i = 0; i < 100; i++) {
    const made = JSON.stringify({ ...feature, version: i, value: 'x'.repeat(20_000) });
    for (let times = 0; times <= i % 3; times++) assert.equal(summarizer.add(made, 2, undefined, NOW), undefined);
  }
  let count = 0;
  while (!summarizer.empty) {
    const payload = summarizer.take();
    assert.ok(payload !== undefined && payload.body.length < 1_000_000);
    for (const event of JSON.parse(payload.body.toString())) {
      for (const counter of event.features?.f.counters ?? []) count += counter.count;
    }
    payload.release();
  }
  assert.equal(count, 34 + 33 * 2 + 33 * 3);
});

test('all memory is bounded and given back', () => {
  const summarizer = start({ bytes: 300_000 });
  let taken = 0;
  for (let i = 0; i < 200; i++) {
    const made = JSON.stringify({
      ...feature,
      key: `k${i}`,
      value: '€'.repeat(2_000),
      user: { key: 'c'.repeat(3_000) + i },
    });
    if (summarizer.add(made, 2, undefined, NOW) === undefined) taken += 1;
    assert.ok(summarizer.memory.used <= 150_000);
  }
  assert.ok(taken > 5 && taken < 50, `${taken}`);
  while (!summarizer.empty) take(summarizer);
  summarizer.close();
  assert.equal(summarizer.memory.used, 0);
});

test('keys and kinds that are half a surrogate pair are counted once', () => {
  const summarizer = start();
  const text =
    '{"kind":"feature","creationDate":1,"key":"\\ud800","version":1,"value":1,"context":{"kind":"\\udc00","key":"k"}}';
  for (let i = 0; i < 3; i++) assert.equal(summarizer.add(text, 2, undefined, NOW), undefined);
  const used = summarizer.memory.used;
  summarizer.add(text, 2, undefined, NOW);
  assert.equal(summarizer.memory.used, used);
  const summary = take(summarizer).at(-1) as { features: Record<string, { counters: { count: number }[] }> };
  assert.equal(summary.features['\ud800']?.counters[0]?.count, 4);
});
