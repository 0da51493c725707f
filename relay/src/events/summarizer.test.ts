import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDataSet } from '../model/parse.ts';
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

function take(summarizer: Summarizer): Record<string, unknown>[] {
  const payload = summarizer.take();
  const events = JSON.parse(payload?.body ?? '[]');
  assert.equal(events.length, payload?.count ?? 0);
  return events;
}

test('an evaluation becomes an index event once and a counter each time', () => {
  const summarizer = createSummarizer(100, 10_000);
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
  const summarizer = createSummarizer(100, 10_000);
  const text =
    '{"kind":"feature","creationDate":1,"key":"f","version":1,"variation":0,"value":12345678901234567890,"default":1.0,' +
    `"context":{"kind":"user","key":"u","n":1e2},"trackEvents":true,"debugEventsUntilDate":${NOW + 1},` +
    '"reason":{"kind":"OFF"},"samplingRatio":4}';
  summarizer.add(text, 4, undefined, NOW);
  const body = summarizer.take()?.body ?? '';
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
  const summarizer = createSummarizer(100, 10_000);
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
  const summarizer = createSummarizer(100, 10_000);
  summarizer.serverTime(NOW + 6);
  summarizer.add(JSON.stringify(feature), 2, data, NOW);
  assert.ok(take(summarizer).every((event) => event.kind !== 'debug'));
});

test('custom events get context keys, identify events the whole context, unknown kinds pass', () => {
  const summarizer = createSummarizer(100, 10_000);
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
  const summarizer = createSummarizer(100, 10_000);
  assert.equal(
    summarizer.add(JSON.stringify({ ...feature, version: 4.5, user: { key: '' } }), 2, undefined, NOW),
    undefined,
  );
  assert.match(summarizer.take()?.body ?? '', /"version":4,"value"/);
});

test('excluded evaluations are not counted', () => {
  const summarizer = createSummarizer(100, 10_000);
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
]) {
  test(`${bad} is left out`, () => {
    const summarizer = createSummarizer(100, 10_000);
    assert.equal(summarizer.add(bad, 2, undefined, NOW), 'invalid');
    assert.equal(summarizer.take(), undefined);
  });
}

test('a full queue and made-up flag keys are bounded', () => {
  const summarizer = createSummarizer(2, 10_000);
  const custom = (key: string) => JSON.stringify({ kind: 'custom', key, user });
  assert.equal(summarizer.add(custom('1'), 2, undefined, NOW), undefined);
  assert.equal(summarizer.add(custom('2'), 2, undefined, NOW), 'capacity');
  assert.equal(summarizer.add(JSON.stringify(feature), 2, undefined, NOW), undefined, 'counters need no room');
  for (let i = 0; i < 10_100; i++)
    summarizer.add(JSON.stringify({ ...feature, key: `made-up-${i}` }), 2, undefined, NOW);
  const summary = take(summarizer).at(-1) as { features: object };
  assert.equal(Object.keys(summary.features).length, 10_000);
});
