import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_DATA_SET } from '../data/data.ts';
import type { Source, SourceSink } from './source.ts';
import { SourceSlot } from './source-slot.ts';

/** A slot, what it tells, and sources whose sinks the test speaks through. */
function setUp() {
  const told: string[] = [];
  const slot = new SourceSlot({
    put: () => void told.push('put'),
    upsert: () => void told.push('upsert'),
    link: (state, error) => void told.push(error === undefined ? state : `${state} ${error.statusCode}`),
    successorRefused: (error) => void told.push(`successor refused ${error?.statusCode}`),
  });
  function source() {
    const made = { sink: undefined as SourceSink | undefined, closed: false };
    const source: Source = {
      start: (sink) => {
        made.sink = sink;
      },
      restart: () => {},
      close: async () => {
        made.closed = true;
      },
    };
    return { ...source, made, say: (use: (sink: SourceSink) => unknown) => void use(made.sink!) };
  }
  return { told, slot, source };
}
const REFUSED = { kind: 'ERROR_RESPONSE', statusCode: 401, message: 'refused', time: 1 } as const;

test('a successor takes over when it delivers; until then the old source counts', () => {
  const { told, slot, source } = setUp();
  const [old, next] = [source(), source()];
  slot.replace(old, true);
  old.say((sink) => sink.link('VALID'));
  slot.replace(next, true);
  next.say((sink) => sink.link('INITIALIZING'));
  old.say((sink) => sink.put(EMPTY_DATA_SET));
  assert.equal(old.made.closed, false);
  next.say((sink) => sink.put(EMPTY_DATA_SET));
  next.say((sink) => sink.link('VALID'));
  old.say((sink) => sink.link('OFF'));
  assert.deepEqual([told, old.made.closed], [['VALID', 'put', 'put', 'VALID'], true]);
});

test('a successor that is refused leaves the old source in place, and may take over later', () => {
  const { told, slot, source } = setUp();
  const [old, next] = [source(), source()];
  slot.replace(old, true);
  slot.replace(next, true);
  next.say((sink) => sink.link('OFF', REFUSED));
  old.say((sink) => sink.upsert({ kind: 'flags', key: 'a', version: 1, deleted: true, json: '' } as never));
  assert.deepEqual([told, old.made.closed], [['successor refused 401', 'upsert'], false]);
  next.say((sink) => sink.put(EMPTY_DATA_SET));
  next.say((sink) => sink.link('VALID'));
  assert.deepEqual([told.slice(2), old.made.closed], [['put', 'VALID'], true]);
});

test('when the old source is refused as well, what the successor said counts', () => {
  const { told, slot, source } = setUp();
  const [old, next] = [source(), source()];
  slot.replace(old, true);
  slot.replace(next, true);
  next.say((sink) => sink.link('OFF', REFUSED));
  old.say((sink) => sink.link('OFF', { ...REFUSED, statusCode: 403 }));
  assert.deepEqual([told, old.made.closed], [['successor refused 401', 'OFF 401'], true]);
});

test('a successor of a successor: the one between ends, the old source goes on', () => {
  const { told, slot, source } = setUp();
  const [old, between, last] = [source(), source(), source()];
  slot.replace(old, true);
  slot.replace(between, true);
  between.say((sink) => sink.link('OFF', REFUSED));
  slot.replace(last, true);
  assert.deepEqual([old.made.closed, between.made.closed], [false, true]);
  between.say((sink) => sink.put(EMPTY_DATA_SET));
  last.say((sink) => sink.put(EMPTY_DATA_SET));
  assert.deepEqual([told, old.made.closed], [['successor refused 401', 'put'], true]);
});
