import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type DataSet, EMPTY_DATA_SET, type Item } from '../../data/data.ts';
import { StoreError } from '../../errors.ts';
import {
  type DatabaseEvent,
  type DatabaseState,
  fillsEmpty,
  INITIAL_STATE,
  isExact,
  lacksSince,
  mergesFilled,
  stateAfter,
  wasFilled,
} from './state.ts';

const ERROR = new StoreError('down');
const flag = (key: string, version: number): Item => ({ kind: 'flags', key, version, deleted: false, json: '{}' });
const set = (...items: Item[]): DataSet => ({
  flags: new Map(items.map((item) => [item.key, item])),
  segments: new Map(),
});
const after = (...events: DatabaseEvent[]): DatabaseState => events.reduce(stateAfter, INITIAL_STATE);
const foundEmpty = (now: number, known = true): DatabaseEvent => ({ kind: 'found-empty', known, now });
const failed: DatabaseEvent = { kind: 'failed', error: ERROR };
const replaced: DatabaseEvent = { kind: 'replaced' };
const read: DatabaseEvent = { kind: 'read' };
const looked: DatabaseEvent = { kind: 'looked' };
const listMissed: DatabaseEvent = { kind: 'list-missed', data: EMPTY_DATA_SET };
const unlinked: DatabaseEvent = { kind: 'linked', linked: false };
const merged = (mark: string): DatabaseEvent => ({ kind: 'merged', mark });
const foundFilled = (mark: string): DatabaseEvent => ({ kind: 'found-filled', mark });

describe('health of a Redis store', () => {
  for (const [name, events, kind] of [
    ['at first it is initialising', [], 'INITIALIZING'],
    ['a read does not end that', [read], 'INITIALIZING'],
    ['a look does', [looked], 'VALID'],
    ['so does a list that was written', [replaced], 'VALID'],
    ['so does a merge', [merged('m')], 'VALID'],
    ['a failure interrupts it', [replaced, failed], 'INTERRUPTED'],
    ['a failure at the start, too', [failed], 'INTERRUPTED'],
    ['a read that was under way does not mend it', [failed, read], 'INTERRUPTED'],
    ['nor does a merge before the look has ended', [failed, merged('m')], 'INTERRUPTED'],
    ['a look does', [failed, merged('m'), looked], 'VALID'],
  ] as const) {
    test(name, () => assert.equal(after(...events).health.kind, kind));
  }

  test('calls fail with the last error met', () => {
    const later = new StoreError('still down');
    const { health } = after(failed, { kind: 'failed', error: later });
    assert.ok(health.kind === 'INTERRUPTED' && health.error === later);
  });
});

describe('contents of Redis', () => {
  for (const [name, events, contents] of [
    ['never filled, and empty: nothing is lost', [foundEmpty(5)], { kind: 'unfilled', since: undefined }],
    ['a read does not tell the mark', [read], { kind: 'filled', mark: undefined }],
    ['a list of upstream leaves an empty mark', [replaced], { kind: 'filled', mark: '' }],
    ['a merge leaves the mark that counts', [merged('m')], { kind: 'filled', mark: 'm' }],
    ['a look finds the mark', [read, foundFilled('x')], { kind: 'filled', mark: 'x' }],
    ['what is served and gone is lost', [replaced, foundEmpty(5)], { kind: 'emptied', since: 5 }],
    ['since the first look that found it', [replaced, foundEmpty(5), foundEmpty(9)], { kind: 'emptied', since: 5 }],
    ['with nothing to serve nothing is lost', [read, foundEmpty(5, false)], { kind: 'filled', mark: undefined }],
    ['what an empty Redis missed is', [listMissed, foundEmpty(5, false)], { kind: 'unfilled', since: 5 }],
    ['a read does not end an emptying', [replaced, foundEmpty(5), read], { kind: 'emptied', since: 5 }],
    ['nor one of a Redis that was never filled', [listMissed, foundEmpty(5), read], { kind: 'emptied', since: 5 }],
    ['a look that finds it filled does', [replaced, foundEmpty(5), foundFilled('x')], { kind: 'filled', mark: 'x' }],
    ['an interruption says nothing of it', [replaced, failed], { kind: 'filled', mark: '' }],
  ] as const) {
    test(name, () => assert.deepEqual(after(...events).contents, contents));
  }

  test('only what was never filled counts as never filled', () => {
    assert.equal(wasFilled(after()), false);
    assert.equal(wasFilled(after(listMissed, foundEmpty(5))), false);
    assert.equal(wasFilled(after(replaced, foundEmpty(5))), true);
  });

  test('it lacks something from an emptying to the end of it', () => {
    assert.equal(lacksSince(after(replaced)), undefined);
    assert.equal(lacksSince(after(replaced, foundEmpty(5))), 5);
    assert.equal(lacksSince(after(replaced, foundEmpty(5), merged('m'))), undefined);
  });
});

describe('filling Redis again', () => {
  test('who has a link fills an emptied one at once', () => {
    assert.equal(fillsEmpty(after(replaced, foundEmpty(5)), 5, 100), true);
  });

  test('who has none waits for its patience', () => {
    const state = after(replaced, unlinked, foundEmpty(5));
    assert.equal(fillsEmpty(state, 104, 100), false);
    assert.equal(fillsEmpty(state, 105, 100), true);
  });

  test('where nothing is lost nobody does', () => {
    assert.equal(fillsEmpty(after(foundEmpty(5)), 500, 100), false);
    assert.equal(fillsEmpty(after(replaced), 500, 100), false);
  });

  for (const [name, events, mark, merges] of [
    ['what upstream filled is right', [replaced], '', false],
    ['what was never filled before has nothing to compare with', [], 'x', false],
    ['what this relay filled itself is right', [merged('m')], 'm', false],
    ['what another filled since is compared', [merged('m')], 'x', true],
    ['what another filled over a list of upstream, too', [replaced], 'x', true],
    ['and what was read before its mark was seen', [read], 'x', true],
    ['and what was filled after an emptying', [merged('m'), foundEmpty(5)], 'm', true],
    ['not so by upstream', [merged('m'), foundEmpty(5)], '', false],
    ['what missed something is compared in any case', [replaced, failed, listMissed], '', true],
    ['until it is in', [replaced, failed, listMissed, merged('')], '', false],
  ] as const) {
    test(name, () => assert.equal(mergesFilled(after(...events), mark), merges));
  }

  test('a merge that fails is due again: the mark was not taken for seen', () => {
    assert.equal(mergesFilled(after(replaced, failed), 'x'), true);
  });

  test('only a whole list that a linked relay missed is the last word', () => {
    const item: DatabaseEvent = { kind: 'item-missed', item: flag('a', 1), known: undefined };
    assert.equal(isExact(after(replaced)), false);
    assert.equal(isExact(after(item)), false);
    assert.equal(isExact(after(listMissed)), true);
    assert.equal(isExact(after(listMissed, item)), true, 'items on top of it do not change that');
    assert.equal(isExact(after(listMissed, unlinked)), false);
  });
});

describe('what Redis has missed', () => {
  test('items go on top of what is served, and of each other by version', () => {
    const known = set(flag('a', 1), flag('b', 1));
    const events = [flag('a', 3), flag('a', 2), flag('c', 1)].map((item) => ({
      ...{ kind: 'item-missed' as const, item, known },
    }));
    const versions = [...(after(...events).missed?.data.flags.values() ?? [])].map(({ key, version }) => [
      key,
      version,
    ]);
    assert.deepEqual(versions, [
      ['a', 3],
      ['b', 1],
      ['c', 1],
    ]);
  });

  test('a list that could not be written takes the place of all of it', () => {
    const item: DatabaseEvent = { kind: 'item-missed', item: flag('a', 1), known: undefined };
    const data = set(flag('b', 1));
    assert.deepEqual(after(item, { kind: 'list-missed', data }).missed, { data, whole: true });
  });

  test('whatever happens: what is written is not missed, and what is missed is not lost', () => {
    const event = fc.oneof(
      fc.constantFrom<DatabaseEvent[]>([failed], [replaced], [read], [looked], [listMissed], [unlinked]),
      fc.constantFrom('', 'm', 'x').map((mark): DatabaseEvent[] => [merged(mark)]),
      fc.constantFrom('', 'm', 'x').map((mark): DatabaseEvent[] => [foundFilled(mark)]),
      fc.tuple(fc.nat(9), fc.boolean()).map(([now, known]): DatabaseEvent[] => [foundEmpty(now, known)]),
    );
    fc.assert(
      fc.property(fc.array(event), (lists) => {
        let state = INITIAL_STATE;
        for (const one of lists.flat()) {
          const before = state;
          state = stateAfter(state, one);
          const writes = one.kind === 'replaced' || one.kind === 'merged';
          if (writes) assert.ok(state.missed === undefined && state.contents.kind === 'filled');
          else if (before.missed !== undefined) assert.ok(state.missed !== undefined);
          if (wasFilled(before)) assert.ok(wasFilled(state));
        }
      }),
    );
  });
});
