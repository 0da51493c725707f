import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ASKING, type GateEvent, type GateState, gateAfter } from './key-gate-state.ts';

const after = (...events: GateEvent[]): GateState => events.reduce(gateAfter, ASKING);
const began = (now: number): GateEvent => ({ kind: 'look-began', now });
const failed = (now: number): GateEvent => ({ kind: 'look-failed', now, giveUpMs: 30 });
const found = (...served: [string, number][]): GateEvent => ({
  kind: 'found',
  served: new Map(served.map(([name, pods]) => [name, { pods, as: 'same' as const }])),
});

describe('states of the gate of a pod that lacks a key', () => {
  for (const [name, events, kind] of [
    ['it asks at first', [], 'asking'],
    ['that nobody serves opens it at once', [began(0), found()], 'open'],
    ['that others serve holds it', [began(0), found(['a', 1])], 'held'],
    ['one look that finds nobody any more does not open it', [began(0), found(['a', 1]), found()], 'held'],
    ['two in a row do', [began(0), found(['a', 1]), found(), found()], 'open'],
    ['two that are not in a row do not', [began(0), found(['a', 1]), found(), found(['a', 1]), found()], 'held'],
    ['failures hold it for a while', [began(5), failed(34)], 'asking'],
    ['and not for longer', [began(5), failed(34), failed(35)], 'open'],
    ['the time counts from the first look', [began(5), failed(10), began(20), failed(35)], 'open'],
    ['once others were seen failures hold it for ever', [began(0), found(['a', 1]), failed(1e9)], 'held'],
    ['a look that was under way does not shut it again', [began(0), { kind: 'closed' }, found(['a', 1])], 'open'],
  ] as const) {
    test(name, () => assert.equal(after(...events).kind, kind));
  }

  test('it holds for those who were seen last', () => {
    const state = after(began(0), found(['a', 1]), found(['a', 2], ['b', 1]));
    assert.deepEqual(state.kind === 'held' && [...state.served].map(([name, { pods }]) => [name, pods]), [
      ['a', 2],
      ['b', 1],
    ]);
  });

  test('the same answer changes nothing', () => {
    const state = after(began(0), found(['a', 1]));
    assert.equal(gateAfter(state, found(['a', 1])), state);
    const back = gateAfter(gateAfter(state, found()), found(['a', 1]));
    assert.ok(back.kind === 'held' && state.kind === 'held' && back.served === state.served);
  });
});
