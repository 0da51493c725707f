import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_DATA_SET, type Item } from '../../data/data.ts';
import { definitionRules } from '../../dialects/launchdarkly/model/credentials.ts';
import type { EnvironmentDefinition } from '../../dialects/launchdarkly/model/definition.ts';
import type { Source, SourceSink } from '../../environment/source.ts';
import { recordingSink } from '../../testing/source-sink.ts';
import { createSharedSources } from './shared-sources.ts';

const definition = { id: 'a', name: 'a', sdkKey: 'sdk-a' } as EnvironmentDefinition;
const item: Item = { kind: 'flags', key: 'f', version: 2, deleted: false, json: '{"key":"f","version":2}' };

/** Sources that do nothing by themselves. */
function handSources() {
  const made: { readonly definition: EnvironmentDefinition; sink?: SourceSink; closed: boolean }[] = [];
  const createSource = (of: EnvironmentDefinition): Source => {
    const one: (typeof made)[number] = { definition: of, closed: false };
    made.push(one);
    return {
      start: (sink) => {
        one.sink = sink;
      },
      restart: () => assert.fail('upstream is asked again'),
      close: async () => {
        one.closed = true;
      },
    };
  };
  return { made, createSource };
}

test('subscribers of one environment and key share a source; another key has one of its own', () => {
  const { made, createSource } = handSources();
  const sources = createSharedSources(createSource, definitionRules);
  sources.subscribe(definition, recordingSink());
  sources.subscribe({ ...definition, secureMode: true }, recordingSink());
  sources.subscribe({ ...definition, sdkKey: 'sdk-b' }, recordingSink());
  assert.deepEqual(
    made.map((one) => one.definition.sdkKey),
    ['sdk-a', 'sdk-b'],
  );
});

test('who comes late learns what cannot be used, and gets its former state', async () => {
  const { made, createSource } = handSources();
  const sources = createSharedSources(createSource, definitionRules);
  const early = recordingSink();
  sources.subscribe(definition, early);
  const { sink } = made[0]!;
  await sink?.put({ flags: new Map([['f', item]]), segments: new Map() });
  const refused = [{ kind: 'flags', key: 'f', reason: 'why' }] as const;
  await sink?.put({ ...EMPTY_DATA_SET, refused });
  const late = recordingSink();
  sources.subscribe(definition, late);
  const first = await late.next();
  assert.ok('put' in first);
  assert.deepEqual([[...first.put.flags.keys()], first.put.refused], [['f'], refused]);
});

test('who comes late gets the data as they are now and the state of the link, then what changes', async () => {
  const { made, createSource } = handSources();
  const sources = createSharedSources(createSource, definitionRules);
  sources.subscribe(definition, recordingSink());
  const { sink } = made[0]!;
  await sink?.put(EMPTY_DATA_SET);
  sink?.link('VALID');
  await sink?.upsert(item);
  const late = recordingSink();
  sources.subscribe(definition, late);
  await sink?.upsert({ ...item, version: 3 });
  assert.equal(made.length, 1);
  assert.deepEqual(
    late.calls.map((call) => Object.keys(call)[0]),
    ['put', 'link', 'upsert'],
  );
  const [first] = late.calls;
  assert.equal((first as { put: typeof EMPTY_DATA_SET }).put.flags.get('f')?.version, 2);
});

test('the source waits for the slowest subscriber, but not for one that has gone', async () => {
  const { made, createSource } = handSources();
  const sources = createSharedSources(createSource, definitionRules);
  const gate = Promise.withResolvers<void>();
  const slow: SourceSink = { put: () => gate.promise, upsert: () => {}, link: () => {} };
  const quick = recordingSink();
  sources.subscribe(definition, slow);
  sources.subscribe(definition, quick);
  let done = false;
  const putting = Promise.resolve(made[0]?.sink?.put(EMPTY_DATA_SET)).then(() => {
    done = true;
  });
  await quick.next();
  assert.equal(done, false);
  gate.resolve();
  await putting;
});

test('restart delivers again to the one who asks, without upstream', async () => {
  const { made, createSource } = handSources();
  const sources = createSharedSources(createSource, definitionRules);
  const [one, other] = [recordingSink(), recordingSink()];
  const subscription = sources.subscribe(definition, one);
  sources.subscribe(definition, other);
  await made[0]?.sink?.put(EMPTY_DATA_SET);
  subscription.restart();
  await made[0]?.sink?.upsert(item);
  assert.equal(one.calls.length, 3);
  assert.equal(other.calls.length, 2);
});

test('a source ends with its last subscription, and comes back with the next', async () => {
  const { made, createSource } = handSources();
  const sources = createSharedSources(createSource, definitionRules);
  const first = sources.subscribe(definition, recordingSink());
  const second = sources.subscribe(definition, recordingSink());
  first.close();
  first.close();
  assert.equal(made[0]?.closed, false);
  second.close();
  assert.equal(made[0]?.closed, true);
  sources.subscribe(definition, recordingSink());
  assert.equal(made.length, 2);
  await sources.close();
  assert.equal(made[1]?.closed, true);
});
