import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { DataSet, Item } from '../../../../data/data.ts';
import { withItem } from '../../../../data/data.ts';
import { ClosableConnection } from '../../../../streams/connection.ts';
import { Hub } from '../../../../streams/hub.ts';
import type { Frame } from '../../../../streams/sse.ts';
import { Feed } from './feed.ts';

const flag = (key: string, version: number, content = ''): Item => ({
  kind: 'flags',
  key,
  version,
  deleted: false,
  json: JSON.stringify({ key, version, content }),
});
const tombstone = (key: string, version: number): Item => ({ ...flag(key, version), deleted: true, json: '{}' });
const setOf = (...items: Item[]): DataSet => ({
  flags: new Map(items.map((item) => [item.key, item])),
  segments: new Map(),
});
const without = ({ flags, segments }: DataSet, leave: (item: Item) => boolean): DataSet => ({
  flags: new Map([...flags].filter(([, item]) => !leave(item))),
  segments,
});
const metrics = { opened: () => {}, closed: () => {}, cut: () => {}, rebalanced: () => {}, delivered: () => {} };
const channel = () =>
  new Hub({ heartbeatMs: 0, maxConnectionMs: 0, maxBufferedBytes: 1e9, metrics }).createChannel('fdv2');

/** Hands everything to its SDK at once. */
class ModelConnection extends ClosableConnection {
  readonly pendingBytes = 0;
  readonly #take: (frame: Frame) => void;

  constructor(take: (frame: Frame) => void) {
    super();
    this.#take = take;
  }

  write(frame: Frame): void {
    this.#take(frame);
  }

  writeThen(frame: Frame, done: () => void): void {
    this.#take(frame);
    done();
  }

  end(): void {}
  destroy(): void {}

  leave(): void {
    this.hasClosed();
  }
}

/** A server SDK as the official ones behave: items by version, and always the basis of its first stream. */
class ModelSdk {
  readonly items = new Map<string, { version: number; object?: unknown }>();
  readonly intents: string[] = [];
  #basis: string | undefined;
  #pending: { key: string; version: number; object?: unknown }[] = [];
  #full = false;
  #connection: ModelConnection | undefined;

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  connect(feed: Feed, streams: ReturnType<typeof channel>): void {
    const payload = feed.current!;
    this.#basis ??= '';
    const transfer = feed.transfer(payload, this.#basis);
    const connection = new ModelConnection((frame) => this.#take(frame));
    this.#connection = connection;
    connection.write(payload.intent(transfer));
    const rest =
      transfer.kind === 'full'
        ? payload.objects
        : transfer.kind === 'changes'
          ? payload.changes(transfer.items)
          : undefined;
    streams.add(connection, { credential: 'credential', platform: 'server' }, rest);
    // Its stream has this URL for good: the state of the poll that came before it.
    if (this.#basis === '') this.#basis = payload.state;
  }

  disconnect(): void {
    this.#connection?.leave();
    this.#connection = undefined;
  }

  live(): object {
    return Object.fromEntries([...this.items].filter(([, item]) => item.object !== undefined).sort());
  }

  #take(frame: Frame): void {
    for (const block of frame.bytes.toString().split('\n\n').slice(0, -1)) {
      const [, event, text] = /^event: (.*)\ndata: (.*)$/.exec(block)!;
      const data = JSON.parse(text!);
      if (event === 'server-intent') {
        const { intentCode } = data.payloads[0];
        this.intents.push(intentCode);
        this.#full = intentCode === 'xfer-full';
        this.#pending = [];
      } else if (event === 'payload-transferred') {
        if (this.#full) this.items.clear();
        for (const { key, version, object } of this.#pending) {
          if ((this.items.get(key)?.version ?? 0) < version) this.items.set(key, { version, object });
        }
        this.#full = false;
        this.#pending = [];
      } else {
        this.#pending.push(data);
      }
    }
  }
}

const liveOf = ({ flags }: DataSet): object =>
  Object.fromEntries(
    [...flags.values()]
      .filter((item) => !item.deleted)
      .map((item) => [item.key, { version: item.version, object: JSON.parse(item.json) }])
      .sort(),
  );

type Step =
  | { readonly do: 'change' | 'delete'; readonly key: string }
  | { readonly do: 'forget' | 'reload' | 'toggle' }
  | { readonly do: 'vanish' | 'edit'; readonly key: string };

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('change', 'delete'), key: fc.constantFrom('a', 'b', 'c') }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('toggle') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('forget', 'reload') }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('vanish', 'edit'), key: fc.constantFrom('a', 'b') }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 40 },
);

/** The data after a step, as a source would deliver them. */
function next(data: DataSet, step: Step, created: Map<string, number>): DataSet {
  switch (step.do) {
    case 'change':
    case 'delete': {
      const version = Math.max(data.flags.get(step.key)?.version ?? 0, created.get(step.key) ?? 0) + 1;
      created.set(step.key, version);
      return withItem(data, step.do === 'change' ? flag(step.key, version) : tombstone(step.key, version)) ?? data;
    }
    case 'forget':
      return without(data, (item) => item.deleted);
    case 'reload':
      return without(setOf(...[...data.flags.values()].map((item) => ({ ...item }))), () => false);
    case 'vanish':
      return without(data, (item) => item.key === step.key);
    case 'edit': {
      const item = data.flags.get(step.key);
      return item === undefined || item.deleted
        ? data
        : setOf(
            ...[...data.flags.values()].map((one) => (one === item ? flag(item.key, item.version, 'edited') : one)),
          );
    }
    default:
      return data;
  }
}

describe('the feed of payloads (contract 11.3)', () => {
  test('an SDK that comes and goes always ends up with the data of the relay', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const streams = channel();
        const feed = new Feed(streams);
        let data = setOf(flag('a', 1), flag('b', 1));
        feed.read(data);
        const [steady, comes] = [new ModelSdk(), new ModelSdk()];
        steady.connect(feed, streams);
        const created = new Map<string, number>();
        for (const step of all) {
          if (step.do === 'toggle') {
            if (comes.connected) comes.disconnect();
            else comes.connect(feed, streams);
            continue;
          }
          data = next(data, step, created);
          feed.changed({ data });
          // Twice: the look at the data, and the channel's turn.
          await turn();
          await turn();
          assert.deepEqual(steady.live(), liveOf(data));
        }
        if (!comes.connected) comes.connect(feed, streams);
        assert.deepEqual(comes.live(), liveOf(data));
      }),
      { numRuns: 300 },
    );
  });

  for (const [name, gone] of [
    ['made, deleted and forgotten', ['delete', 'forget']],
    ['made and taken away', ['vanish']],
  ] as const) {
    for (const later of [[], ['a']]) {
      test(`a flag that was ${name} leaves an SDK that was away meanwhile${later.length > 0 ? ', also after another change' : ''}`, async () => {
        const streams = channel();
        const feed = new Feed(streams);
        let data = setOf(flag('a', 1));
        const before = feed.read(data).state;
        // Its basis is that of the poll before its stream.
        const sdk = new ModelSdk();
        for (let i = 0; i < 2; i++) {
          sdk.connect(feed, streams);
          sdk.disconnect();
        }
        assert.deepEqual(sdk.intents, ['xfer-full', 'none']);
        const created = new Map<string, number>();
        const go = async (step: Step) => {
          data = next(data, step, created);
          feed.changed({ data });
          await turn();
          await turn();
        };
        sdk.connect(feed, streams);
        await go({ do: 'change', key: 'c' });
        assert.deepEqual(sdk.live(), liveOf(data));
        sdk.disconnect();
        for (const step of gone) await go({ do: step, key: 'c' } as Step);
        assert.equal(feed.current?.state, before);
        for (const key of later) await go({ do: 'change', key });
        sdk.connect(feed, streams);
        assert.deepEqual(sdk.live(), liveOf(data));
      });
    }
  }

  test('equal data, equal state: in any order, with or without what was deleted', () => {
    const stateOf = (...items: Item[]) => new Feed(channel()).read(setOf(...items)).state;
    assert.equal(stateOf(flag('a', 1), flag('b', 2)), stateOf(flag('b', 2), flag('a', 1)));
    assert.notEqual(stateOf(flag('a', 1)), stateOf(flag('a', 2)));
    assert.notEqual(stateOf(flag('a', 1)), stateOf(flag('a', 1, 'edited')));
    const feed = new Feed(channel());
    const payload = feed.read(setOf(flag('a', 1)));
    const elsewhere = stateOf(flag('a', 1), tombstone('b', 9));
    assert.notEqual(elsewhere, payload.state);
    assert.deepEqual(feed.transfer(payload, elsewhere), { kind: 'none' });
  });

  test('what a deletion was told elsewhere is told again where it may be news', () => {
    const feed = new Feed(channel());
    const payload = feed.read(setOf(flag('a', 1), tombstone('b', 2)));
    const elsewhere = new Feed(channel()).read(setOf(flag('a', 1), tombstone('c', 1))).state;
    assert.deepEqual(feed.transfer(payload, elsewhere), { kind: 'changes', items: [tombstone('b', 2)] });
  });

  test('changes of one turn go out as one consistent set', async () => {
    const streams = channel();
    const feed = new Feed(streams);
    let data = setOf(flag('a', 1));
    feed.read(data);
    const sdk = new ModelSdk();
    sdk.connect(feed, streams);
    const before = feed.current!.state;
    for (const item of [flag('a', 2), flag('b', 1), flag('a', 3)]) {
      data = withItem(data, item)!;
      feed.changed({ data });
    }
    await turn();
    await turn();
    assert.deepEqual(sdk.live(), liveOf(data));
    const transfer = feed.transfer(feed.current!, before);
    assert.ok(transfer.kind === 'changes');
    assert.deepEqual(transfer.items.map(({ key, version }) => [key, version]).sort(), [
      ['a', 3],
      ['b', 1],
    ]);
  });

  test('while the store fails, what the source says counts, not what can still be read', () => {
    const feed = new Feed(channel());
    const stored = setOf(flag('a', 1));
    feed.read(stored);
    feed.changed({ item: flag('a', 2) });
    assert.equal(feed.read(stored).data.flags.get('a')?.version, 2);
    assert.equal(feed.current?.data.flags.get('a')?.version, 2);
    // Back again: the source delivers everything.
    const data = setOf(flag('a', 3));
    feed.changed({ data });
    assert.equal(feed.read(data).data, data);
  });

  test('an SDK that is too far behind gets everything', () => {
    const feed = new Feed(channel());
    let data = setOf(flag('a', 1));
    const first = feed.read(data).state;
    for (let version = 2; version < 2_500; version++) {
      data = withItem(data, flag('a', version))!;
      feed.read(data);
    }
    assert.deepEqual(feed.transfer(feed.current!, first), { kind: 'full', reason: 'cant-catchup' });
    const late = new Feed(channel()).read(setOf(flag('a', 2_400))).state;
    assert.equal(feed.transfer(feed.current!, late).kind, 'changes');
  });
});
