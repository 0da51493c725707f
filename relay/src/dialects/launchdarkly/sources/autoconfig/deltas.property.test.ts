import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { NO_OUTLET, type Unserved } from '../../../../environment/outlet.ts';
import { Registry } from '../../../../environment/registry.ts';
import { createMemoryStore } from '../../../../store/memory.ts';
import { SILENT } from '../../../../testing/relay.ts';
import { compile } from '../../evaluation/compile.ts';
import { type CredentialKind, definitionRules } from '../../model/credentials.ts';
import type { EnvironmentDefinition } from '../../model/definition.ts';
import { parseDataSet } from '../../model/parse.ts';
import type { LaunchDarkly } from '../../outlet/outlet.ts';
import { environmentRep } from '../environment-rep.ts';
import { createEnvironmentList, type ListMessage } from './list.ts';

// Environments that share keys, take them from each other, rotate them with and without grace, change their project, come and go,
// with filters that come, go, change and have the same key, versions out of order, and entries that cannot be used.

const SETTINGS = { envAllowedOrigins: [], envAllowedHeaders: [] };
const DATA = parseDataSet('{"flags":{},"segments":{}}');
const NOW = Date.now();
const LATER = NOW + 3_600_000;
const IDS = ['e1', 'e2', 'e3', 'e4', 'e5'];
const KEYS = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'];
const FILTER_IDS = ['f1', 'f2', 'f3'];
const FILTER_KEYS = ['fa', 'fb'];

const version = fc.integer({ min: 1, max: 12 });
const project = fc.constantFrom('p', 'q');
const expiring = fc.option(
  fc.record({ value: fc.constantFrom(...KEYS), timestamp: fc.constantFrom(NOW - 1_000, LATER) }),
  { nil: undefined },
);
const environmentOf = (envID: string) =>
  fc
    .record({
      version,
      projKey: project,
      mobKey: fc.constantFrom('', ...KEYS),
      value: fc.constantFrom(...KEYS),
      expiring,
    })
    .map(({ value, expiring: old, ...rest }) =>
      environmentRep.parse({ envID, ...rest, sdkKey: { value, expiring: old } }),
    );
const filter = fc.record({ version, projKey: project, key: fc.constantFrom(...FILTER_KEYS) });
const target = fc.oneof(
  fc.record({ what: fc.constant('environments' as const), id: fc.constantFrom(...IDS) }),
  fc.record({ what: fc.constant('filters' as const), id: fc.constantFrom(...FILTER_IDS) }),
);
const entriesOf = <T>(ids: readonly string[], good: (id: string) => fc.Arbitrary<T>) =>
  fc
    .tuple(...ids.map((id) => fc.oneof(fc.constant(undefined), good(id), fc.constant('refused' as const))))
    .map((all) => ({
      good: new Map(
        ids.flatMap((id, at) => (all[at] === undefined || all[at] === 'refused' ? [] : [[id, all[at] as T]])),
      ),
      refused: new Map(ids.flatMap((id, at): [string, string][] => (all[at] === 'refused' ? [[id, 'a mistake']] : []))),
    }));
const message: fc.Arbitrary<ListMessage> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      environments: entriesOf(IDS, environmentOf),
      filters: entriesOf(FILTER_IDS, () => filter),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(...IDS)
      .chain((id) => environmentOf(id).map((environment) => ({ kind: 'environment' as const, id, environment }))),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('filter' as const), id: fc.constantFrom(...FILTER_IDS), filter }),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(target, version).map(([at, v]) => ({ kind: 'remove' as const, ...at, version: v })),
  },
  { weight: 1, arbitrary: target.map((at) => ({ kind: 'refused' as const, ...at, reason: 'a mistake' })) },
);

/** A registry whose environments have data a turn after they start. */
function newRegistry(): Registry<Unserved<LaunchDarkly>> {
  const nothing = (): void => {};
  const source = () => ({
    start: (sink: { put(data: typeof DATA): unknown }) => void sink.put(DATA),
    restart: nothing,
    close: () => Promise.resolve(),
  });
  const deps = {
    rules: definitionRules,
    openOutlet: () => NO_OUTLET,
    logger: SILENT,
    initTimeoutMs: 60_000,
    createSource: source,
    initTimedOut: nothing,
    changed: nothing,
  };
  return new Registry<Unserved<LaunchDarkly>>(
    { ...deps, createStore: () => createMemoryStore(compile) },
    SILENT,
    60_000,
  );
}

const PROBES = [
  ...KEYS.flatMap((key): [CredentialKind, string][] => [
    ['sdk', key],
    ['mobile', key],
  ]),
  ...IDS.map((id): [CredentialKind, string] => ['env', id]),
].flatMap(([kind, key]) => ['', ...FILTER_KEYS].map((filterKey) => ({ kind, key, filterKey })));
type Probe = (typeof PROBES)[number];

/** The ID of the environment that a credential opens, or why it opens none. */
function opened(registry: Registry<Unserved<LaunchDarkly>>, { kind, key, filterKey }: Probe): string {
  const found = registry.lookup(kind, key, filterKey);
  return found.found ? found.environment.id : `none: ${found.reason}`;
}

function claimants(list: readonly EnvironmentDefinition[], { kind, key, filterKey }: Probe): string[] {
  const digest = definitionRules.credentials({ ...NOTHING, [FIELDS[kind]]: key }, NOW)[0]?.digest;
  return list
    .filter((one) => (one.filterKey ?? '') === filterKey)
    .filter((one) => definitionRules.credentials(one, NOW).some((accepted) => accepted.digest === digest))
    .map(({ id }) => id);
}
const FIELDS = { sdk: 'sdkKey', mobile: 'mobileKey', env: 'envId' } as const;
const NOTHING: EnvironmentDefinition = {
  ...{ id: '', name: '', acceptedSdkKeys: [], expiringSdkKeys: [], secureMode: false, ttlMs: 0 },
  ...{ allowedOrigins: [], allowedHeaders: [] },
};

test('whatever AutoConfig says in whatever order, changes leave the registry that whole lists do, and that a new one would be', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 25 }), async (messages) => {
      const list = createEnvironmentList(SETTINGS);
      const [byChanges, byLists, anew] = [newRegistry(), newRegistry(), newRegistry()];
      byChanges.replace([]);
      for (const one of messages) {
        const change = list.apply(one, NOW);
        byChanges.refused(list.refused());
        if (change.kind === 'whole') byChanges.replace(list.definitions());
        if (change.kind === 'part') byChanges.change(change);
        byLists.replace(list.definitions());
      }
      const final = list.definitions();
      anew.replace(final);
      await turn();

      const byId = (one: Registry) => new Map([...one.environments()].map(({ id, definition }) => [id, definition]));
      assert.deepEqual(byId(byChanges), new Map(final.map((definition) => [definition.id, definition])));
      assert.deepEqual([...byId(byChanges).keys()], [...byId(byLists).keys()]);
      assert.equal(list.size, list.stored().environments.length);
      for (const probe of PROBES) {
        const [now, lists, fresh] = [byChanges, byLists, anew].map((one) => opened(one, probe));
        assert.equal(now, lists, `${probe.kind} ${probe.key} ${probe.filterKey}`);
        // Of several that share a key, the one that had it first keeps it: a new registry cannot know who that was.
        const rivals = claimants(final, probe);
        if (rivals.length > 1) assert.ok(rivals.includes(now ?? '') && rivals.includes(fresh ?? ''));
        else assert.equal(now, fresh, `${probe.kind} ${probe.key} ${probe.filterKey}`);
      }
      const rivals = (one: Registry) => [...one.environments()].map((environment) => one.rivalOf(environment));
      assert.deepEqual(rivals(byChanges), rivals(byLists));
      assert.deepEqual(byChanges.refusals, list.refused());
      await Promise.all([byChanges, byLists, anew].map((one) => one.close()));
    }),
    { numRuns: 300 },
  );
});
