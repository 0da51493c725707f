import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Compiled, type DataSet, EMPTY_DATA_SET, type Item } from '../data/data.ts';
import { StoreError } from '../errors.ts';
import { createMemoryStore } from '../store/memory.ts';
import { SILENT } from '../testing/relay.ts';
import type { Definition, DefinitionRules } from './definition.ts';
import { Environment } from './environment.ts';
import { NO_OUTLET, type Outlet } from './outlet.ts';
import type { Source, SourceSink } from './source.ts';
import type { Store, StoreEvents } from './store.ts';

/** An environment of no dialect: where its data come from is a word, and its one credential another. */
interface Plain {
  readonly definition: Definition & { readonly from?: string; readonly key: string };
  readonly compiled: Compiled;
  readonly outlet: Outlet;
}

const rules: DefinitionRules<Plain['definition']> = {
  digest: (_scope, value) => value,
  nameOf: (scope) => scope,
  credentials: ({ key }) => [{ scope: 'x', digest: key }],
  keys: () => [],
  expiries: () => [],
  variant: () => '',
  source: ({ from }) => from,
  succession: (old) => ({ grace: old.key === 'graceful', message: 'another source' }),
  identity: () => undefined,
  keysFromFiles: () => undefined,
};

const ITEM: Item = { kind: 'flags', key: 'f', version: 1, deleted: false, json: '{}' };
const compile = (data: DataSet): Compiled => ({ data });

/** An environment whose source and store the test plays. */
function setUp({
  initTimeoutMs = 60_000,
  store = createMemoryStore(compile),
}: {
  initTimeoutMs?: number;
  store?: Store;
} = {}) {
  const calls: string[] = [];
  const sinks: SourceSink[] = [];
  const closed: string[] = [];
  const timedOut = Promise.withResolvers<void>();
  let storeEvents: StoreEvents | undefined;
  const environment = new Environment<Plain>(
    { id: 'a', name: 'a', from: 'here', key: 'k' },
    {
      rules,
      logger: SILENT,
      initTimeoutMs,
      createSource: ({ from }): Source => ({
        start: (sink) => void sinks.push(sink),
        restart: () => void calls.push(`restart ${from}`),
        close: async () => void closed.push(`source ${from}`),
      }),
      createStore: (_definition, events) => {
        storeEvents = events;
        return { ...store, close: async () => void closed.push('store') };
      },
      openOutlet: () => ({
        ...NO_OUTLET,
        put: ({ data }) => void calls.push(`put ${data.flags.size}`),
        changed: (item, data) =>
          void calls.push(`changed ${item.key} ${data === undefined ? 'untaken' : data.data.flags.size}`),
        loaded: () => void calls.push('loaded'),
        revoked: (credential) => void calls.push(`revoked ${credential}`),
        close: async () => void closed.push('outlet'),
      }),
      initTimedOut: () => timedOut.resolve(),
      changed: () => {},
    },
  );
  environment.start();
  return { environment, calls, sinks, closed, timedOut: timedOut.promise, recovered: () => storeEvents?.recovered() };
}

const standing = ({ access, hasData, settled, initialised }: Environment<Plain>) => ({
  access,
  hasData,
  settled,
  initialised,
});

test('data of the source go by way of the store to the outlet, and open it', async () => {
  const { environment, calls, sinks } = setUp();
  assert.deepEqual(standing(environment), { access: 'starting', hasData: false, settled: false, initialised: false });
  await sinks[0]!.put(EMPTY_DATA_SET);
  await sinks[0]!.upsert(ITEM);
  await sinks[0]!.upsert(ITEM);
  assert.deepEqual(calls, ['put 0', 'changed f 1'], 'a version that is not newer is no news');
  assert.deepEqual(standing(environment), { access: 'open', hasData: true, settled: true, initialised: true });
  assert.equal((await environment.read())?.data.flags.size, 1);
  await environment.close();
});

test('no data in time: it opens with what the store has, which is nothing here', async () => {
  const { environment, timedOut } = setUp({ initTimeoutMs: 1 });
  await timedOut;
  assert.deepEqual(standing(environment), { access: 'open', hasData: false, settled: true, initialised: false });
  await environment.close();
});

test('data of an earlier run are served until upstream says that it does not know the key', async () => {
  const memory = createMemoryStore(compile);
  await memory.init(EMPTY_DATA_SET);
  const store: Store = {
    ...memory,
    preloaded: async () => true,
    status: () => ({ state: 'VALID', stateSince: 0, snapshotOf: 1 }),
  };
  const { environment, calls, sinks } = setUp({ store });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([environment.access, environment.hasData, calls], ['open', true, ['loaded']]);
  sinks[0]!.link('OFF');
  assert.deepEqual([environment.access, environment.hasData], ['refused', false]);
  await environment.close();
});

test('a change that the store cannot take is told all the same; a whole list is not, and comes again', async () => {
  const memory = createMemoryStore(compile);
  const fail = () => {
    throw new StoreError('down');
  };
  const { environment, calls, sinks, recovered } = setUp({ store: { ...memory, init: fail, upsert: fail } });
  await sinks[0]!.put(EMPTY_DATA_SET);
  await sinks[0]!.upsert(ITEM);
  recovered();
  assert.deepEqual(calls, ['changed f untaken', 'restart here']);
  assert.equal(environment.access, 'starting');
  await environment.close();
});

test('what cannot be used of a set keeps its former state and is named, until it can be used', async () => {
  const { environment, sinks } = setUp();
  const sink = sinks[0]!;
  const other: Item = { ...ITEM, key: 'g' };
  const of = (...items: Item[]) => new Map(items.map((item) => [item.key, item]));
  const refused = [
    { kind: 'flags', key: 'f', reason: 'why' },
    { kind: 'segments', key: 's', reason: 'new and bad' },
  ] as const;
  await sink.put({ flags: of(ITEM), segments: new Map() });
  await sink.put({ flags: of(other), segments: new Map(), refused });
  const now = await environment.read();
  assert.deepEqual([...(now?.data.flags.keys() ?? [])], ['g', 'f']);
  assert.equal(now?.data.segments.size, 0);
  assert.deepEqual(Object.fromEntries(environment.refused), { 'flags/f': 'why', 'segments/s': 'new and bad' });
  await sink.upsert({ ...ITEM, version: 2 });
  sink.refused?.({ kind: 'flags', key: 'g', reason: 'a patch' });
  assert.deepEqual(Object.fromEntries(environment.refused), { 'flags/g': 'a patch', 'segments/s': 'new and bad' });
  await sink.put({ flags: of(other), segments: new Map() });
  assert.equal(environment.refused.size, 0);
  for (let at = 0; at < 1_000; at += 1) sink.refused?.({ kind: 'flags', key: `k${at}`, reason: '' });
  assert.equal(environment.refused.size, 100);
  await environment.close();
});

test('another source takes over at once; with grace, when it delivers', async () => {
  const { environment, calls, sinks, closed } = setUp();
  await sinks[0]!.put(EMPTY_DATA_SET);
  environment.update({ id: 'a', name: 'a', from: 'there', key: 'graceful' });
  assert.deepEqual(closed, ['source here']);
  await sinks[1]!.put(EMPTY_DATA_SET);
  environment.update({ id: 'a', name: 'a', from: 'elsewhere', key: 'graceful' });
  await sinks[1]!.upsert(ITEM);
  assert.deepEqual(closed, ['source here'], 'the old one still delivers');
  await sinks[2]!.put(EMPTY_DATA_SET);
  assert.deepEqual(closed, ['source here', 'source there']);
  assert.deepEqual(calls, ['put 0', 'put 0', 'changed f 1', 'put 0']);
  await environment.close();
});

test('without a credential it serves nothing; with one again, what it had', async () => {
  const { environment, sinks } = setUp();
  await sinks[0]!.put(EMPTY_DATA_SET);
  environment.update({ id: 'a', name: 'a', key: 'k' });
  assert.deepEqual([environment.access, environment.link.state], ['keyless', 'OFF']);
  environment.update({ id: 'a', name: 'a', from: 'here', key: 'k' });
  assert.deepEqual(standing(environment), { access: 'open', hasData: true, settled: true, initialised: true });
  await environment.close();
});

test('it accepts what its definition does, until it is closed: outlet first, store last, and once', async () => {
  const { environment, calls, sinks, closed } = setUp();
  environment.revoke('k');
  assert.deepEqual([environment.accepts('k'), environment.accepts('other'), calls], [true, false, ['revoked k']]);
  await Promise.all([environment.close(), environment.close()]);
  assert.deepEqual(closed, ['outlet', 'source here', 'store']);
  assert.equal(environment.accepts('k'), false);
  await sinks[0]!.put(EMPTY_DATA_SET);
  assert.deepEqual(calls, ['revoked k'], 'nothing reaches the outlet any more');
});
