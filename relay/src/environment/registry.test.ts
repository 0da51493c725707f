import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compile } from '../dialects/launchdarkly/evaluation/compile.ts';
import { definitionRules } from '../dialects/launchdarkly/model/credentials.ts';
import type { EnvironmentDefinition } from '../dialects/launchdarkly/model/definition.ts';
import { parseDataSet } from '../dialects/launchdarkly/model/parse.ts';
import { type LaunchDarkly, LaunchDarklyOutlet } from '../dialects/launchdarkly/outlet/outlet.ts';
import { createMemoryStore } from '../store/memory.ts';
import { ClosableConnection } from '../streams/connection.ts';
import { Hub } from '../streams/hub.ts';
import { SILENT } from '../testing/relay.ts';
import type { Environment } from './environment.ts';
import { Registry } from './registry.ts';
import type { Source, SourceSink } from './source.ts';

/** A source under the test's control. */
interface Manual extends Source {
  readonly definition: EnvironmentDefinition;
  sink: SourceSink | undefined;
  closed: boolean;
}

function setUp(changed: (environment: Environment) => void = () => {}) {
  const sources: Manual[] = [];
  const hub = new Hub({
    heartbeatMs: 0,
    maxConnectionMs: 0,
    maxBufferedBytes: 1000,
    metrics: { opened: () => {}, closed: () => {}, cut: () => {}, rebalanced: () => {}, delivered: () => {} },
  });
  const registry = new Registry<LaunchDarkly>(
    {
      rules: definitionRules,
      openOutlet: () => new LaunchDarklyOutlet(hub, undefined, () => {}),
      logger: SILENT,
      initTimeoutMs: 60_000,
      createSource(definition) {
        const source: Manual = {
          definition,
          sink: undefined,
          closed: false,
          start(sink) {
            source.sink = sink;
          },
          restart: () => {},
          close() {
            source.closed = true;
            return Promise.resolve();
          },
        };
        sources.push(source);
        return source;
      },
      createStore: () => createMemoryStore(compile),
      initTimedOut: () => {},
      changed,
    },
    SILENT,
    60_000,
  );
  return { registry, sources, hub };
}

function definition(overrides: Partial<EnvironmentDefinition> & { id: string }): EnvironmentDefinition {
  return {
    name: overrides.id,
    acceptedSdkKeys: [],
    expiringSdkKeys: [],
    secureMode: false,
    ttlMs: 0,
    allowedOrigins: [],
    allowedHeaders: [],
    ...overrides,
  };
}

const DATA = parseDataSet('{"flags":{},"segments":{}}');

class FakeStream extends ClosableConnection {
  pendingBytes = 0;
  write(): void {}
  writeThen(_frame: unknown, done: () => void): void {
    done();
  }
  end(): void {
    this.hasClosed();
  }
  destroy(): void {
    this.hasClosed();
  }
}

const fakeStream = () => new FakeStream();

describe('registry of environments', () => {
  test('before the first list nothing is known, and that is said (contract 1.2)', () => {
    const { registry } = setUp();
    assert.deepEqual(registry.lookup('sdk', 'x', ''), { found: false, reason: 'no-list' });
    registry.replace([]);
    assert.deepEqual(registry.lookup('sdk', 'x', ''), { found: false, reason: 'unknown' });
  });

  test('a key that upstream refused is unknown until upstream takes it after all', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' })]);
    const error = { kind: 'ERROR_RESPONSE', time: 1, message: 'HTTP status 401', statusCode: 401 } as const;
    sources[0]!.sink!.link('OFF', error);
    assert.deepEqual(registry.lookup('sdk', 's', ''), { found: false, reason: 'unknown' });
    await sources[0]!.sink!.put(DATA);
    sources[0]!.sink!.link('VALID');
    assert.ok(registry.lookup('sdk', 's', '').found);
    assert.equal(registry.get('a')?.link.state, 'VALID');
  });

  test('each kind of credential opens the environment on its own routes, once there is data', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's', mobileKey: 'm', envId: 'e' })]);
    assert.deepEqual(registry.lookup('sdk', 's', ''), { found: false, reason: 'starting' });
    await sources[0]!.sink!.put(DATA);
    for (const [kind, key] of [
      ['sdk', 's'],
      ['mobile', 'm'],
      ['env', 'e'],
    ] as const) {
      assert.ok(registry.lookup(kind, key, '').found, kind);
    }
    assert.equal(registry.lookup('mobile', 's', '').found, false);
    await registry.close();
  });

  test('payload filters are environments of their own under the same keys', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' }), definition({ id: 'a/f', sdkKey: 's', filterKey: 'f' })]);
    for (const source of sources) await source.sink!.put(DATA);
    const plain = registry.lookup('sdk', 's', '');
    const filtered = registry.lookup('sdk', 's', 'f');
    assert.ok(plain.found && filtered.found);
    assert.equal(filtered.environment.id, 'a/f');
    assert.deepEqual(registry.lookup('sdk', 's', 'g'), { found: false, reason: 'unknown-filter' });
    await registry.close();
  });

  test('a key that another environment has is not taken over (row 51 of section 14)', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' }), definition({ id: 'b', sdkKey: 's', envId: 'e' })]);
    for (const source of sources) await source.sink!.put(DATA);
    const found = registry.lookup('sdk', 's', '');
    assert.ok(found.found);
    assert.equal(found.environment.id, 'a');
    assert.ok(registry.lookup('env', 'e', '').found);
    await registry.close();
  });

  for (const [kind, key] of [
    ['sdk', { sdkKey: 's' }],
    ['mobile', { mobileKey: 's' }],
  ] as const) {
    test(`whose ${kind} key another environment has is known, and it gets the key when that one lets go`, async () => {
      const { registry, sources } = setUp();
      registry.replace([
        definition({ id: 'a', sdkKey: 'sdk-a', ...key }),
        definition({ id: 'b', sdkKey: 'sdk-b', ...key }),
      ]);
      for (const source of sources) await source.sink!.put(DATA);
      const rivals = () => [...registry.environments()].map((one) => registry.rivalOf(one));
      assert.deepEqual(rivals(), [undefined, { name: 'a', what: kind === 'sdk' ? 'SDK key' : 'mobile key' }]);
      registry.change({ removed: ['a'], changed: [] });
      assert.deepEqual(rivals(), [undefined]);
      const found = registry.lookup(kind, 's', '');
      assert.ok(found.found);
      assert.equal(found.environment.id, 'b');
      await registry.close();
    });
  }

  test('the same key with another payload filter is no duplicate', async () => {
    const { registry } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' }), definition({ id: 'a/f', sdkKey: 's', filterKey: 'f' })]);
    for (const environment of registry.environments()) assert.equal(registry.rivalOf(environment), undefined);
    await registry.close();
  });

  test('keys may move between environments in one list', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's1' }), definition({ id: 'b', sdkKey: 's2' })]);
    for (const source of sources) await source.sink!.put(DATA);
    registry.replace([definition({ id: 'a', sdkKey: 's2' }), definition({ id: 'b', sdkKey: 's1' })]);
    const found = registry.lookup('sdk', 's2', '');
    assert.ok(found.found);
    assert.equal(found.environment.id, 'a');
    await registry.close();
  });

  test('a new SDK key without grace: the old one is gone and its streams with it; the others stay (contract 9.2)', async () => {
    const { registry, sources, hub } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 'old', mobileKey: 'm' })]);
    await sources[0]!.sink!.put(DATA);
    const bySdk = registry.lookup('sdk', 'old', '');
    const byMobile = registry.lookup('mobile', 'm', '');
    assert.ok(bySdk.found && byMobile.found);
    const [sdkStream, mobileStream] = [fakeStream(), fakeStream()];
    bySdk.environment.outlet.all.add(sdkStream, { ...bySdk, platform: 'server' }, undefined);
    byMobile.environment.outlet.ping.add(mobileStream, { ...byMobile, platform: 'server' }, undefined);
    registry.change({ removed: [], changed: [definition({ id: 'a', sdkKey: 'new', mobileKey: 'm' })] });
    assert.equal(registry.lookup('sdk', 'old', '').found, false);
    assert.ok(registry.lookup('sdk', 'new', '').found, 'it serves what it has while the new link comes up');
    assert.ok(sdkStream.closed);
    assert.ok(!mobileStream.closed);
    assert.ok(sources[0]!.closed);
    assert.equal(sources[1]!.definition.sdkKey, 'new');
    assert.equal(hub.size, 1);
    await registry.close();
  });

  test('with grace both keys work, the old link delivers until the new one does, expiry closes the rest (contract 9.2)', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 'old' })]);
    await sources[0]!.sink!.put(DATA);
    const lookup = registry.lookup('sdk', 'old', '');
    assert.ok(lookup.found);
    const stream = fakeStream();
    lookup.environment.outlet.all.add(stream, { ...lookup, platform: 'server' }, undefined);
    const expiresAt = Date.now() + 60_000;
    registry.change({
      removed: [],
      changed: [definition({ id: 'a', sdkKey: 'new', expiringSdkKeys: [{ value: 'old', expiresAt }] })],
    });
    assert.ok(registry.lookup('sdk', 'old', '').found);
    assert.ok(registry.lookup('sdk', 'new', '').found);
    assert.ok(!sources[0]!.closed);
    await sources[1]!.sink!.put(DATA);
    assert.ok(sources[0]!.closed);
    assert.ok(!stream.closed);
    registry.dropExpired(expiresAt - 1);
    assert.ok(!stream.closed);
    registry.dropExpired(expiresAt);
    assert.ok(stream.closed);
    assert.equal(registry.lookup('sdk', 'old', '').found, false);
    assert.ok(registry.lookup('sdk', 'new', '').found);
    await registry.close();
  });

  test('a key ends at its own time, and not at the next sweep: from that moment it is unknown and its streams are closed', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout', 'setInterval'], now: 1000 });
    const { registry, sources } = setUp();
    const grace = [
      { value: 'first', expiresAt: 3000 },
      { value: 'second', expiresAt: 2500 },
    ];
    registry.replace([definition({ id: 'a', sdkKey: 'new', expiringSdkKeys: grace })]);
    await sources[0]!.sink!.put(DATA);
    const found = registry.lookup('sdk', 'first', '');
    assert.ok(found.found);
    const stream = fakeStream();
    found.environment.outlet.all.add(stream, { ...found, platform: 'server' }, undefined);
    t.mock.timers.tick(1500);
    assert.equal(registry.lookup('sdk', 'second', '').found, false);
    assert.ok(registry.lookup('sdk', 'first', '').found);
    assert.ok(!stream.closed);
    t.mock.timers.tick(500);
    assert.ok(stream.closed);
    assert.equal(registry.lookup('sdk', 'first', '').found, false);
    await registry.close();
  });

  test('a look-up is right in the same instant, even when the timer is late', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1000 });
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 'new', expiringSdkKeys: [{ value: 'old', expiresAt: 2000 }] })]);
    await sources[0]!.sink!.put(DATA);
    t.mock.timers.setTime(1999);
    assert.ok(registry.lookup('sdk', 'old', '').found);
    t.mock.timers.setTime(2000);
    assert.equal(registry.lookup('sdk', 'old', '').found, false);
    await registry.close();
  });

  test('an expiry in the past is a revocation (row 49 of section 14)', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 'new', expiringSdkKeys: [{ value: 'old', expiresAt: 1000 }] })]);
    await sources[0]!.sink!.put(DATA);
    assert.equal(registry.lookup('sdk', 'old', '').found, false);
    await registry.close();
  });

  test('a second accepted key is good for ever', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's1', acceptedSdkKeys: ['s2'] })]);
    await sources[0]!.sink!.put(DATA);
    registry.dropExpired(Number.MAX_SAFE_INTEGER);
    assert.ok(registry.lookup('sdk', 's1', '').found);
    assert.ok(registry.lookup('sdk', 's2', '').found);
    await registry.close();
  });

  test('an environment whose key is missing waits for it, and starts when it comes', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', envId: 'e', credentialProblem: 'the file does not exist' })]);
    assert.equal(sources.length, 0);
    const environment = registry.get('a')!;
    assert.equal(environment.access, 'keyless');
    assert.ok(environment.settled);
    registry.change({ removed: [], changed: [definition({ id: 'a', envId: 'e', sdkKey: 's' })] });
    assert.equal(sources.length, 1);
    await sources[0]!.sink!.put(DATA);
    assert.ok(registry.lookup('env', 'e', '').found);
    await registry.close();
  });

  test('a removed environment closes its streams and is unknown at once; changes in place drop nothing', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' }), definition({ id: 'b', sdkKey: 't' })]);
    for (const source of sources) await source.sink!.put(DATA);
    const a = registry.lookup('sdk', 's', '');
    const b = registry.lookup('sdk', 't', '');
    assert.ok(a.found && b.found);
    const [streamA, streamB] = [fakeStream(), fakeStream()];
    a.environment.outlet.all.add(streamA, { ...a, platform: 'server' }, undefined);
    b.environment.outlet.all.add(streamB, { ...b, platform: 'server' }, undefined);
    registry.replace([definition({ id: 'b', sdkKey: 't', secureMode: true, envName: 'renamed' })]);
    assert.ok(streamA.closed);
    assert.equal(registry.lookup('sdk', 's', '').found, false);
    assert.ok(!streamB.closed);
    assert.equal(registry.get('b')?.definition.envName, 'renamed');
    assert.equal(sources.length, 2, 'no new link');
    await registry.close();
  });

  test('while a key is configured and not known, a key that opens nothing may be it; only keys of that kind', async () => {
    const { registry, sources } = setUp();
    const awaiting = definition({ id: 'a', envId: 'e', mobileKey: 'm', awaited: ['sdk'] });
    registry.replace([awaiting, definition({ id: 'b', sdkKey: 't' })]);
    await sources[0]!.sink!.put(DATA);
    const reason = (kind: 'sdk' | 'mobile' | 'env', key: string) => {
      const found = registry.lookup(kind, key, '');
      return found.found ? 'found' : found.reason;
    };
    assert.deepEqual([reason('sdk', 't'), reason('sdk', 'guess')], ['found', 'awaited']);
    assert.deepEqual([reason('mobile', 'm'), reason('env', 'e')], ['awaited', 'awaited'], 'they are its own');
    assert.deepEqual([reason('mobile', 'guess'), reason('env', 'guess')], ['unknown', 'unknown']);
    assert.deepEqual(registry.lookupAny(['sdk', 'mobile'], 'guess', '').lookup, { found: false, reason: 'awaited' });
    assert.equal(registry.lookupAny(['mobile', 'sdk'], 't', '').scope, 'sdk', 'what waits keeps nobody from its own');
    assert.deepEqual(registry.lookupAny(['mobile', 'env'], 'guess', '').lookup, { found: false, reason: 'unknown' });
    registry.change({ removed: [], changed: [definition({ id: 'a', sdkKey: 's' })] });
    assert.equal(reason('sdk', 'guess'), 'unknown');
    registry.change({ removed: [], changed: [awaiting] });
    registry.change({ removed: ['a'], changed: [] });
    assert.equal(reason('sdk', 'guess'), 'unknown');
    await registry.close();
  });

  test('a change touches what it names and nothing else, and each that it touches is told, also one that goes', async () => {
    const told: string[] = [];
    const { registry, sources } = setUp(({ id }) => told.push(id));
    registry.replace(['a', 'b', 'c'].map((id) => definition({ id, sdkKey: `sdk-${id}` })));
    for (const source of sources) await source.sink!.put(DATA);
    told.length = 0;
    registry.change({ removed: ['a'], changed: [definition({ id: 'b', sdkKey: 'sdk-b', mobileKey: 'm' })] });
    assert.deepEqual(told.sort(), ['a', 'b']);
    assert.ok(registry.lookup('mobile', 'm', '').found);
    assert.equal(sources.length, 3, 'no new link');
    await registry.close();
  });

  test('keys may move between environments in one change', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's1' }), definition({ id: 'b', sdkKey: 's2' })]);
    for (const source of sources) await source.sink!.put(DATA);
    registry.change({
      removed: [],
      changed: [definition({ id: 'a', sdkKey: 's2' }), definition({ id: 'b', sdkKey: 's1' })],
    });
    const owners = ['s1', 's2'].map((key) => registry.lookup('sdk', key, ''));
    assert.deepEqual(
      owners.map((found) => found.found && found.environment.id),
      ['b', 'a'],
    );
    await registry.close();
  });

  test('an environment that AutoConfig has without an SDK key waits for nothing', async () => {
    const { registry } = setUp();
    registry.replace([definition({ id: 'a', mobileKey: 'm' })]);
    assert.deepEqual(registry.lookup('mobile', 'm', ''), { found: false, reason: 'unknown' });
    await registry.close();
  });

  test('data from elsewhere with the same key: the old source delivers until the new one does', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' })]);
    await sources[0]!.sink!.put(DATA);
    registry.change({ removed: [], changed: [definition({ id: 'a', sdkKey: 's', dataFile: '/not/mounted' })] });
    sources[1]!.sink!.link('INITIALIZING', { kind: 'UNKNOWN', time: 1, message: 'ENOENT' });
    assert.deepEqual([sources[0]!.closed, registry.get('a')?.link.state], [false, 'INITIALIZING']);
    sources[0]!.sink!.link('VALID');
    assert.equal(registry.get('a')?.link.state, 'VALID');
    await sources[1]!.sink!.put(DATA);
    assert.ok(sources[0]!.closed);
    await registry.close();
  });

  test('another payload filter is other data: it begins anew, and the old filter opens nothing', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's', filterKey: 'f1' })]);
    await sources[0]!.sink!.put(DATA);
    registry.replace([definition({ id: 'a', sdkKey: 's', filterKey: 'f2' })]);
    assert.deepEqual(registry.lookup('sdk', 's', 'f2'), { found: false, reason: 'starting' });
    assert.deepEqual(registry.lookup('sdk', 's', 'f1'), { found: false, reason: 'unknown-filter' });
    await sources[1]!.sink!.put(DATA);
    assert.ok(registry.lookup('sdk', 's', 'f2').found);
    await registry.close();
  });

  test('a new name and a new log level are in force at once, and cut nothing', async () => {
    const { registry, sources } = setUp();
    registry.replace([definition({ id: 'a', sdkKey: 's' })]);
    await sources[0]!.sink!.put(DATA);
    const found = registry.lookup('sdk', 's', '');
    assert.ok(found.found);
    const stream = fakeStream();
    found.environment.outlet.all.add(stream, { ...found, platform: 'server' }, undefined);
    registry.replace([definition({ id: 'a', name: 'renamed', sdkKey: 's', logLevel: 'debug' })]);
    assert.deepEqual([stream.closed, sources.length, registry.get('a')?.definition.name], [false, 1, 'renamed']);
    await registry.close();
  });
});
