import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { correlatorLimits, createEventCorrelator } from './event-correlator.ts';
import type { EventInput } from './event-types.ts';
import { configMap } from './testing/fixtures.ts';

function setUp(limits = {}) {
  const clock = createFakeClock();
  let names = 0;
  const suffix = () => (++names).toString(16);
  const who = { reportingController: 'test/controller', reportingInstance: 'pod-1', suffix };
  return { clock, correlator: createEventCorrelator(who, clock, { ...correlatorLimits, ...limits }) };
}

const about = (key: string, note = 'Secret x is missing'): EventInput => ({
  regarding: configMap(key, '7'),
  type: 'Warning',
  reason: 'SecretNotFound',
  action: 'Reconcile',
  note,
});

describe('event correlator', () => {
  it('makes a new event with all that the API server asks for', () => {
    const { correlator } = setUp();
    const outcome = correlator.accept(about('n/a'));
    assert.ok(typeof outcome === 'object' && outcome.kind === 'create');
    assert.deepEqual(outcome.event, {
      metadata: { name: 'a.1', namespace: 'n' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      type: 'Warning',
      reason: 'SecretNotFound',
      action: 'Reconcile',
      note: 'Secret x is missing',
      reportingController: 'test/controller',
      reportingInstance: 'pod-1',
      regarding: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'a',
        namespace: 'n',
        uid: 'uid-n/a',
        resourceVersion: '7',
      },
    });
  });

  it('tells the second of a series at once, then holds counts back for a minute', async () => {
    const { correlator, clock } = setUp();
    correlator.accept(about('n/a'));
    const second = correlator.accept(about('n/a'));
    assert.ok(typeof second === 'object' && second.kind === 'patch');
    assert.equal(second.event.metadata?.name, 'a.1');
    assert.deepEqual(second.event.series, { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' });
    await clock.advance(1_000);
    assert.equal(correlator.accept(about('n/a')), 'merged');
    assert.deepEqual(correlator.due(), []);
    await clock.advance(59_000);
    const [due] = correlator.due();
    assert.deepEqual(due?.event.series, { count: 3, lastObservedTime: '2026-01-01T00:00:01.000000Z' });
    assert.deepEqual(correlator.due(), []);
  });

  it('begins a new event after six quiet minutes, and forgets the old one', async () => {
    const { correlator, clock } = setUp();
    correlator.accept(about('n/a'));
    await clock.advance(360_000);
    const again = correlator.accept(about('n/a'));
    assert.ok(typeof again === 'object' && again.kind === 'create');
    assert.equal(again.event.metadata?.name, 'a.2');
  });

  it('tells many different notes of one reason as one', () => {
    const { correlator } = setUp();
    for (let i = 0; i < 10; i += 1) {
      const outcome = correlator.accept(about('n/a', `note ${i}`));
      assert.ok(typeof outcome === 'object' && outcome.kind === 'create');
    }
    const combined = correlator.accept(about('n/a', 'note 10'));
    assert.ok(typeof combined === 'object' && combined.kind === 'create');
    assert.equal(combined.event.note, '(combined from similar events): note 10');
    const next = correlator.accept(about('n/a', 'note 11'));
    assert.ok(typeof next === 'object' && next.kind === 'patch', 'the next similar one counts in the same series');
  });

  it('lets 25 writes about one object through, then one each five minutes; others are not held', async () => {
    const { correlator, clock } = setUp({ maxSimilar: 1000 });
    const outcomes = Array.from({ length: 30 }, (_, i) => correlator.accept(about('n/a', `note ${i}`)));
    assert.equal(outcomes.filter((outcome) => outcome === 'dropped').length, 5);
    assert.notEqual(correlator.accept(about('n/b')), 'dropped');
    await clock.advance(300_000);
    assert.notEqual(correlator.accept(about('n/a', 'later')), 'dropped');
    assert.equal(correlator.accept(about('n/a', 'much')), 'dropped');
  });

  it('remembers no more than its capacity', async () => {
    const { correlator, clock } = setUp({ capacity: 10 });
    for (let i = 0; i < 100; i += 1) {
      correlator.accept(about(`n/${i}`));
      correlator.accept(about(`n/${i}`));
      correlator.accept(about(`n/${i}`));
    }
    await clock.advance(60_000);
    assert.equal(correlator.due().length, 10);
  });

  it('makes a new event after forget', () => {
    const { correlator } = setUp();
    const first = correlator.accept(about('n/a'));
    assert.ok(typeof first === 'object');
    correlator.forget(first.seriesKey);
    const again = correlator.accept(about('n/a'));
    assert.ok(typeof again === 'object' && again.kind === 'create');
  });
});
