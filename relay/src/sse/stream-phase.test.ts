import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONNECTING, phaseAfter, type StreamEvent, type StreamPhase } from './stream-phase.ts';

const after = (...events: StreamEvent[]): StreamPhase => events.reduce(phaseAfter, CONNECTING);
const opened: StreamEvent = { kind: 'opened' };
const dropped: StreamEvent = { kind: 'dropped' };
const waited: StreamEvent = { kind: 'waited' };
const closed: StreamEvent = { kind: 'closed' };
const lost = (permanent = false, triesAgain = false): StreamEvent => ({ kind: 'lost', permanent, triesAgain });

describe('phases of an event stream', () => {
  for (const [name, events, phase] of [
    ['an answer opens it', [opened], { kind: 'open' }],
    ['a link that cannot be had is waited for', [lost()], { kind: 'waiting', after: 'loss' }],
    ['so is one that was open', [opened, lost()], { kind: 'waiting', after: 'loss' }],
    ['or was dropped on purpose', [opened, dropped], { kind: 'waiting', after: 'loss' }],
    ['even before it was open', [dropped], { kind: 'waiting', after: 'loss' }],
    ['after that it is tried again', [lost(), waited], { kind: 'connecting' }],
    ['a refusal is the end', [lost(true)], { kind: 'ended' }],
    ['unless those are tried again, by their own times', [lost(true, true)], { kind: 'waiting', after: 'refusal' }],
    ['the next failure is an ordinary one', [lost(true, true), waited, lost()], { kind: 'waiting', after: 'loss' }],
    [
      'who waits cannot lose a link',
      [lost(true, true), lost(), dropped, opened],
      { kind: 'waiting', after: 'refusal' },
    ],
    ['it is closed while it connects', [closed], { kind: 'ended' }],
    ['while it is open', [opened, closed], { kind: 'ended' }],
    ['while it waits', [lost(), closed], { kind: 'ended' }],
    ['nothing begins again', [closed, opened, lost(), waited], { kind: 'ended' }],
  ] as const) {
    test(name, () => assert.deepEqual(after(...events), phase));
  }
});
