import { type Fault, faultsOf } from '../fault.ts';

const folder = 'relay/src/store/redis';
const fault = faultsOf(folder);
const database = 'relay/src/store/database';
const stateFault = faultsOf(database);

/** A fault of what all databases share, which the tests of the Redis store catch. */
function sharedFault(what: string, file: string, before: string, after: string, test: 'store' | 'refill'): Fault {
  return { what, file: `${database}/${file}.ts`, before, after, tests: [`${folder}/${test}.test.ts`] };
}

/** Faults of the Redis store. */
export const REDIS_STORE: readonly Fault[] = [
  stateFault(
    'a merge ends an interruption',
    'state',
    "state.health.kind === 'INITIALIZING' ? VALID : state.health",
    'VALID',
    'state',
  ),
  stateFault(
    'a write leaves what was missed',
    'state',
    "contents: { kind: 'filled', mark }, missed: undefined };",
    "contents: { kind: 'filled', mark } };",
    'state',
  ),
  stateFault(
    'an older item that was missed wins',
    'state',
    'withItem(latest, event.item) ?? latest',
    '{ ...latest, flags: new Map(latest.flags).set(event.item.key, event.item) }',
    'state',
  ),
  stateFault(
    'an emptying begins again with each look',
    'state',
    "    case 'emptied':\n      return contents;\n  }\n}\n\n/** Since",
    "    case 'emptied':\n      return { kind: 'emptied', since: now };\n  }\n}\n\n/** Since",
    'state',
  ),
  stateFault('what Redis never had is filled in', 'state', "(known && contents.kind !== 'unfilled')", 'known', 'state'),
  stateFault(
    'who has no link does not wait',
    'state',
    '(state.linked || now - since >= patienceMs)',
    '(state.linked || now >= since)',
    'state',
  ),
  stateFault(
    'what another relay filled is taken for right',
    'state',
    "!byUpstream && !seenBefore && contents.kind !== 'unfilled'",
    'false',
    'state',
  ),
  stateFault(
    'who has no link takes items away',
    'state',
    'return linked && missed?.whole === true;',
    'return missed?.whole === true;',
    'state',
  ),
  fault(
    'an older version overwrites a newer one',
    'persistence',
    'stored.version >= item.version',
    'stored.version > item.version + 1000',
    'store',
  ),
  fault('a write does not watch what it compares with', 'persistence', '    await client.watch(hash);\n', '', 'store'),
  fault('a put leaves what is gone', 'persistence', '  transaction.del(hash);\n', '', 'store'),
  fault(
    'a merge brings in what is older',
    'persistence',
    'there === undefined || there.version < item.version',
    'true',
    'refill',
  ),
  sharedFault(
    'a broken item stops a merge',
    'persistence',
    '    if (error instanceof DataError) return undefined;\n',
    '',
    'refill',
  ),
  sharedFault(
    'items that cannot be read stop the load',
    'persistence',
    '        if (!(error instanceof DataError)) throw error;\n        bad.push',
    '        if (error instanceof DataError) throw error;\n        bad.push',
    'store',
  ),
  {
    what: 'tombstones are stored as they came',
    file: 'relay/src/dialects/launchdarkly/model/codec.ts',
    before: 'item.deleted ? JSON.stringify(tombstoneDocument(item.kind, item.version)) : item.json',
    after: 'item.json',
    tests: [`${folder}/store.test.ts`],
  },
  fault('the prefix is not part of the key', 'keys', '`${prefix}:$inited`', "'launchdarkly:$inited'", 'store'),
  sharedFault('what was read stays fresh forever', 'served', 'ttlMs < 0 ?', 'ttlMs !== 0 ?', 'store'),
  sharedFault(
    'readers at the same time ask each for itself',
    'store',
    '    loading ??= load()',
    '    loading = load()',
    'store',
  ),
  sharedFault(
    'a read that began before a write undoes it',
    'store',
    '    if (writes !== before) return served.known;\n',
    '',
    'store',
  ),
  sharedFault(
    'the source is not asked again after an outage',
    'store',
    'if (isBack && ttlMs >= 0) events.recovered();',
    'if (isBack && ttlMs < 0) events.recovered();',
    'store',
  ),
];
