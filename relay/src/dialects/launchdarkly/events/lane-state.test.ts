import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_PRESSURE, type Pressure, type PressureEvent, pressureAfter } from './lane-state.ts';

const after = (...events: PressureEvent[]): Pressure => events.reduce(pressureAfter, NO_PRESSURE);

describe('pressure in a lane of events', () => {
  for (const [name, events, expected] of [
    ['a flush with something queued makes it overdue', [{ kind: 'flush', queued: true }], { overdue: true }],
    ['a flush with nothing queued does not', [{ kind: 'flush', queued: false }], {}],
    ['it is overdue until the queues are empty', [{ kind: 'flush', queued: true }, { kind: 'emptied' }], {}],
    [
      'what is sent does not make it less overdue',
      [{ kind: 'flush', queued: true }, { kind: 'sent' }],
      { overdue: true },
    ],
    ['who waits in vain stalls it', [{ kind: 'waited-in-vain' }], { stalled: true }],
    ['until a payload has ended its way', [{ kind: 'waited-in-vain' }, { kind: 'sent' }], {}],
    ['or until the next flush', [{ kind: 'waited-in-vain' }, { kind: 'flush', queued: false }], {}],
    ['who is turned away is in the log', [{ kind: 'turned-away' }, { kind: 'turned-away' }], { warned: true }],
    ['once for each flush', [{ kind: 'turned-away' }, { kind: 'sent' }, { kind: 'flush', queued: false }], {}],
    ['turning away does not stall', [{ kind: 'turned-away' }, { kind: 'sent' }], { warned: true }],
  ] as const) {
    test(name, () => assert.deepEqual(after(...events), { ...NO_PRESSURE, ...expected }));
  }

  test('what changes nothing makes no new object', () => {
    for (const kind of ['sent', 'emptied'] as const) assert.equal(pressureAfter(NO_PRESSURE, { kind }), NO_PRESSURE);
  });
});
