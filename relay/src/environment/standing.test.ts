import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  type Access,
  hasData,
  INITIAL_STANDING,
  isSettled,
  nextStanding,
  type Origin,
  type Standing,
  type StandingEvent,
} from './standing.ts';

const after = (...events: StandingEvent[]): Standing => events.reduce(nextStanding, INITIAL_STANDING);
const in_ = (access: Access, origin: Origin): Standing => ({ access, origin });

const started: StandingEvent = { type: 'started' };
const keyless: StandingEvent = { type: 'keyless' };
const delivered: StandingEvent = { type: 'delivered' };
const preloaded: StandingEvent = { type: 'preloaded' };
const timedOut: StandingEvent = { type: 'timed-out' };
const looked = (found: boolean): StandingEvent => ({ type: 'looked', found });
const refused = (unconfirmed = false): StandingEvent => ({ type: 'refused', unconfirmed });

test('data of the source open it, whatever was before', () => {
  for (const before of [[], [timedOut], [timedOut, looked(false)], [preloaded], [refused()]]) {
    assert.deepEqual(after(started, ...before, delivered), in_('open', 'source'));
  }
});

test('without data in time it opens, and is settled once the store was asked', () => {
  const waiting = after(started, timedOut);
  assert.deepEqual(waiting, in_('open', 'sought'));
  assert.equal(isSettled(waiting), false);
  assert.deepEqual(nextStanding(waiting, looked(true)), in_('open', 'store'));
  assert.deepEqual(nextStanding(waiting, looked(false)), in_('open', 'absent'));
  assert.deepEqual(nextStanding(nextStanding(waiting, delivered), looked(false)), in_('open', 'source'));
});

test('data of an earlier run open it at once, but not in the place of what upstream has said', () => {
  assert.deepEqual(after(started, preloaded), in_('open', 'store'));
  assert.deepEqual(after(started, refused(), preloaded), in_('refused', 'none'));
  assert.deepEqual(after(started, delivered, preloaded), in_('open', 'source'));
});

test('a key that upstream does not know closes what upstream has not confirmed, and nothing else', () => {
  assert.deepEqual(after(started, refused()), in_('refused', 'none'));
  assert.deepEqual(after(started, preloaded, refused(true)), in_('refused', 'none'));
  assert.deepEqual(after(started, timedOut, looked(true), refused(false)), in_('open', 'store'));
  assert.deepEqual(after(started, delivered, refused(true)), in_('open', 'source'));
});

test('a key that goes closes it; when one comes back, it serves what it had of the source', () => {
  assert.deepEqual(after(started, delivered, keyless), in_('keyless', 'source'));
  assert.deepEqual(after(started, delivered, keyless, started), in_('open', 'source'));
  assert.deepEqual(after(keyless, started), in_('starting', 'none'));
});

const events = fc.array(
  fc.oneof(
    fc.constantFrom(started, keyless, delivered, preloaded, timedOut),
    fc.boolean().map(looked),
    fc.boolean().map(refused),
  ),
);

test('whatever happens: what the source has delivered once is not forgotten, and what is refused serves nothing', () => {
  void fc.assert(
    fc.property(events, (list) => {
      let standing = INITIAL_STANDING;
      let wasDelivered = false;
      for (const event of list) {
        standing = nextStanding(standing, event);
        wasDelivered ||= event.type === 'delivered';
        assert.equal(standing.origin === 'source', wasDelivered);
        if (standing.access === 'refused') assert.equal(hasData(standing), false);
        if (hasData(standing)) assert.equal(isSettled(standing), true);
        assert.deepEqual(nextStanding(standing, event).access, standing.access, 'the same again changes no access');
      }
    }),
  );
});
