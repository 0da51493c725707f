import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextPhase, type Phase, type PhaseEvent, refusalIn, verdictOn, wantsCache } from './phase.ts';

const EVENTS: readonly PhaseEvent[] = ['listed', 'restored', 'unanswered', 'closed'];
const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  starting: ['live', 'cached', 'listless', 'closed'],
  listless: ['live', 'cached', 'listless', 'closed'],
  cached: ['live', 'cached', 'cached', 'closed'],
  live: ['live', 'live', 'live', 'closed'],
  closed: ['closed', 'closed', 'closed', 'closed'],
};

for (const [phase, next] of Object.entries(TRANSITIONS) as [Phase, readonly Phase[]][]) {
  test(`from ${phase}: ${EVENTS.map((event, at) => `${event} → ${next[at]}`).join(', ')}`, () => {
    assert.deepEqual(
      EVENTS.map((event) => nextPhase(phase, event)),
      next,
    );
  });
}

test('only a list of upstream can be changed by messages; before, a put begins one and the rest comes too early', () => {
  const kinds = ['put', 'environment', 'filter', 'remove', 'refused'] as const;
  for (const phase of ['starting', 'listless', 'cached'] as const) {
    assert.deepEqual(
      kinds.map((kind) => verdictOn(phase, kind)),
      ['begin', 'early', 'early', 'early', 'early'],
    );
  }
  assert.deepEqual(new Set(kinds.map((kind) => verdictOn('live', kind))), new Set(['apply']));
});

test('8.2: a refused key fails the start, ends a relay that has no list, and is no matter to one that has', () => {
  const phases = Object.keys(TRANSITIONS) as Phase[];
  assert.deepEqual(phases.map(refusalIn), ['fail', 'fatal', 'serve on', 'serve on', 'serve on']);
});

test('an earlier list is read only while there is none', () => {
  assert.deepEqual((Object.keys(TRANSITIONS) as Phase[]).filter(wantsCache), ['starting', 'listless']);
});
