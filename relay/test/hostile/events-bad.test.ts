import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startEventSink } from '../../src/testing/event-sink.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { postAsNeighbour, postEvents, startEventVictim } from './support/events.ts';

const USER = '"context":{"kind":"user","key":"a"}';
const GOOD = `{"kind":"custom","creationDate":1,"key":"good",${USER}}`;
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Events that must take nobody else's with them. */
const BAD: Readonly<Record<string, string>> = {
  'an infinite metric value': `{"kind":"custom","creationDate":1,"key":"bad","metricValue":1e400,${USER}}`,
  'an infinite date': `{"kind":"identify","creationDate":-1e400,${USER}}`,
  'an infinite version': `{"kind":"feature","creationDate":1,"key":"bad","version":1e400,"value":1,"default":1,${USER}}`,
  'an infinite number in its data': `{"kind":"custom","creationDate":1,"key":"bad","data":{"a":[1,-1e999]},${USER}}`,
  'an infinite count':
    '{"kind":"summary","startDate":1,"endDate":1e400,"features":{"f":{"counters":[{"count":1e400}]}}}',
  'a value that is nested deep': `{"kind":"feature","creationDate":1,"key":"one","value":${deep(9_000)},"default":1,${USER}}`,
  'a context that is nested deep': `{"kind":"identify","creationDate":1,"context":{"kind":"user","key":"a","x":${deep(9_000)}}}`,
  'no context': '{"kind":"feature","creationDate":1,"key":"bad"}',
  'half a surrogate pair': `{"kind":"custom","creationDate":1,"key":"\\ud800","data":"\\udc00",${USER}}`,
  'a member with the name of a prototype': `{"kind":"feature","creationDate":1,"key":"__proto__","version":1,"value":1,"default":1,${USER}}`,
};

describe('one bad event', { timeout: 600_000 }, () => {
  for (const schema of [1, 4]) {
    test(`does not take its neighbours with it, nor makes what goes upstream invalid (schema ${schema})`, async () => {
      await using sink = await startEventSink();
      await using victim = await startEventVictim(sink.url, { EVENTS_FLUSH_INTERVAL: '100ms' });
      await victim.survives(async () => {
        for (const bad of Object.values(BAD)) {
          assert.equal(await postEvents(victim, { schema, body: `[${GOOD},${bad},${GOOD}]` }), 202);
        }
        assert.equal(await postAsNeighbour(victim), 202);
        const count = Object.keys(BAD).length * 2;
        await eventually(() => {
          const events = sink.posts.flatMap(({ text }) => JSON.parse(text));
          assert.equal(events.filter(({ key }) => key === 'good').length, count);
          assert.ok(events.some(({ key }) => key === 'of the neighbour'));
        });
      });
      for (const { text } of sink.posts) assert.doesNotMatch(text, /Infinity|1e400|1e999/);
      assert.ok((await victim.metric('flagrelay_events_dropped_total', { reason: 'invalid' })) >= 5);
    });
  }

  test('that upstream does not take is found among the others, however often it comes', async () => {
    await using sink = await startEventSink((text) => (text.includes('"poison"') ? 400 : 202));
    await using victim = await startEventVictim(sink.url, { EVENTS_FLUSH_INTERVAL: '100ms' });
    await victim.survives(async () => {
      for (let n = 0; n < 20; n++) {
        const poison = n % 10 === 3 ? ',{"kind":"custom","key":"poison"}' : '';
        assert.equal(await postEvents(victim, { schema: 4, body: `[{"kind":"custom","key":"good"}${poison}]` }), 202);
      }
      await eventually(async () => {
        assert.equal(await victim.metric('flagrelay_events_forwarded_total', { environment: 'attacked' }), 20);
      }, 20_000);
    });
    assert.equal(await victim.metric('flagrelay_events_dropped_total', { reason: 'rejected' }), 2);
  });
});
