import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { DataSet, Item, RefusedItem } from '../../data/data.ts';
import { isJsonObject, type Json, type JsonObject } from '../../json/json.ts';
import { parsePatches } from './bigsegments/patch.ts';
import { itemCodec } from './model/codec.ts';
import { parseContext } from './model/context.ts';
import { flagOf, segmentOf } from './model/parse.ts';
import { readArchiveFiles } from './sources/archive/read.ts';
import { readAutoConfigMessage } from './sources/autoconfig/message.ts';
import { readDataFile } from './sources/data-file.ts';
import { readFlagMessage } from './sources/stream/message.ts';

// Every message that the relay reads, each of its members changed in each of these ways. ld-relay 8.10.1, asked side by side, did the
// same, but that it refuses a whole message where an element is left out here, and reads a put of AutoConfig without data as empty.
const CHANGES: Readonly<Record<string, (name: string, value: Json) => readonly (readonly [string, Json])[]>> = {
  case: (name, value) => [[name.toUpperCase(), value]],
  null: (name) => [[name, null]],
  missing: () => [],
  extra: (name, value) => [
    [name, value],
    [`${name}2`, [null, { new: 1 }]],
  ],
  wrong: (name, value) => [[name, typeof value === 'number' ? '7' : 7]],
  empty: (name, value) => [[name, emptyOf(value)]],
  twice: (name, value) => [
    [name, value],
    [name, value],
  ],
};

function emptyOf(value: Json): Json {
  if (typeof value === 'object') return Array.isArray(value) ? [] : {};
  return typeof value === 'number' ? 0 : typeof value === 'boolean' ? false : '';
}

/** What became of a message: `same` as unchanged, with its `default` for the member, the item `left` out by name, `ignored`, or `refused`. */
type Outcome = 's' | 'd' | 'l' | 'i' | 'r';

/** A message, and for each member the outcome of each change: in the order of {@link CHANGES}. */
interface Row {
  readonly message: string;
  readonly whole: JsonObject;
  /** What is read; undefined: ignored, `LEFT`: an item was left out. @throws when the message is refused */
  read(text: string): unknown;
  readonly members: Readonly<Record<string, string>>;
}

const LEFT = Symbol('left out');

const FLAG = {
  key: 'f',
  version: 3,
  on: true,
  variations: ['a', 'b'],
  offVariation: 1,
  fallthrough: { variation: 1 },
  targets: [{ contextKind: 'org', values: ['t'], variation: 1 }],
  contextTargets: [{ contextKind: 'org', values: ['t'], variation: 1 }],
  prerequisites: [{ key: 'p', variation: 1 }],
  rules: [
    {
      id: 'r',
      trackEvents: true,
      clauses: [{ contextKind: 'org', attribute: 'name', op: 'in', values: ['x'], negate: true }],
      rollout: {
        kind: 'experiment',
        contextKind: 'org',
        bucketBy: 'name',
        seed: 5,
        variations: [{ variation: 1, weight: 100_000, untracked: true }],
      },
    },
  ],
  salt: 's',
  clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true },
  trackEvents: true,
  trackEventsFallthrough: true,
  debugEventsUntilDate: 5,
  samplingRatio: 2,
  migration: { checkRatio: 2 },
};
const SEGMENT = {
  key: 's',
  version: 3,
  included: ['u'],
  excluded: ['v'],
  includedContexts: [{ contextKind: 'org', values: ['o'] }],
  excludedContexts: [{ contextKind: 'org', values: ['q'] }],
  salt: 's',
  rules: [
    {
      id: 'r',
      weight: 5,
      bucketBy: 'name',
      rolloutContextKind: 'org',
      clauses: [{ attribute: 'name', op: 'in', values: ['x'], negate: true }],
    },
  ],
  unbounded: true,
  unboundedContextKind: 'org',
  generation: 2,
};
const ENVIRONMENT = {
  envID: 'e1',
  envKey: 'k',
  envName: 'n',
  mobKey: 'mob-1',
  projKey: 'p',
  projName: 'P',
  sdkKey: { value: 'sdk-1', expiring: { value: 'sdk-0', timestamp: 9_999_999_999_999 } },
  defaultTtl: 5,
  secureMode: true,
  version: 3,
};

const itemFacts = (item: Item) => (item.kind === 'flags' ? flagOf(item) : segmentOf(item));
const dataFacts = ({ flags, segments, refused }: DataSet) =>
  refused === undefined ? [...flags.values(), ...segments.values()].map(itemFacts) : LEFT;

function readStream(event: string) {
  return (data: string): unknown => {
    const refused: RefusedItem[] = [];
    const message = readFlagMessage({ event, data }, (item) => refused.push(item));
    if (refused.length > 0) return LEFT;
    if (message === undefined) return undefined;
    if ('put' in message) return dataFacts(message.put);
    const { upsert } = message;
    return upsert.deleted ? upsert : [upsert.key, itemFacts(upsert)];
  };
}

function readAutoConfig(event: string) {
  return (data: string): unknown => {
    const message = readAutoConfigMessage({ event, data });
    if (message.kind === 'ignored') return undefined;
    if (message.kind === 'refused') return LEFT;
    if (message.kind !== 'put') return message;
    const { environments, filters } = message;
    return environments.refused.size + filters.refused.size > 0 ? LEFT : [environments.good, filters.good];
  };
}

function readArchived(description: string, data: string): unknown {
  const files = new Map([
    ['e1-data.json', Buffer.from(data)],
    ['e1.json', Buffer.from(description)],
  ]);
  const sum = createHash('md5').update(data).update(description).digest();
  const { environments, broken } = readArchiveFiles(new Map([...files, ['checksum.md5', sum]]), () => () => undefined);
  if (broken.size > 0) return LEFT;
  const { rep, dataId, data: archived } = environments.get('e1')!;
  const facts = dataFacts(archived);
  return facts === LEFT ? LEFT : [rep, dataId, facts];
}

const DATA = { flags: { f: FLAG, other: { version: 1 } }, segments: { s: SEGMENT } };
const ROWS: readonly Row[] = [
  {
    message: 'put of flags',
    whole: { path: '/', data: DATA },
    read: readStream('put'),
    members: {
      path: 'srssrss',
      data: 'rrrsrds',
      'data/flags': 'drdsrds',
      'data/segments': 'drdsrds',
      'data/flags/f': 'sldllds',
    },
  },
  {
    message: 'patch of a flag',
    whole: { path: '/flags/f', data: FLAG },
    read: readStream('patch'),
    members: {
      path: 'rirsiis',
      data: 'rlrslds',
      'data/key': 'dldslds',
      'data/version': 'dldslds',
      'data/on': 'dldslds',
      'data/variations': 'dddslds',
      'data/offVariation': 'dddslds',
      'data/fallthrough': 'dldslds',
      'data/targets': 'dddslds',
      'data/contextTargets': 'dddslds',
      'data/prerequisites': 'dddslds',
      'data/rules': 'dddslds',
      'data/salt': 'dldslds',
      'data/clientSideAvailability': 'dddslds',
      'data/trackEvents': 'dldslds',
      'data/trackEventsFallthrough': 'dldslds',
      'data/debugEventsUntilDate': 'dddslds',
      'data/samplingRatio': 'dldslds',
      'data/migration': 'sssslss',
      'data/fallthrough/variation': 'dddslds',
      'data/targets/0/contextKind': 'dldslds',
      'data/targets/0/values': 'dddslds',
      'data/targets/0/variation': 'dldslds',
      'data/prerequisites/0/key': 'dldslds',
      'data/prerequisites/0/variation': 'dldslds',
      'data/rules/0/id': 'dldslds',
      'data/rules/0/trackEvents': 'dldslds',
      'data/rules/0/clauses': 'dddslds',
      'data/rules/0/rollout': 'dddslds',
      'data/rules/0/clauses/0/contextKind': 'dldslds',
      'data/rules/0/clauses/0/attribute': 'dddslds',
      'data/rules/0/clauses/0/op': 'dldslds',
      'data/rules/0/clauses/0/values': 'dddslds',
      'data/rules/0/clauses/0/negate': 'dldslds',
      'data/rules/0/rollout/kind': 'dldslds',
      'data/rules/0/rollout/contextKind': 'dldslds',
      'data/rules/0/rollout/bucketBy': 'dddslds',
      'data/rules/0/rollout/seed': 'dddslds',
      'data/rules/0/rollout/variations': 'dldslds',
      'data/rules/0/rollout/variations/0/variation': 'dldslds',
      'data/rules/0/rollout/variations/0/weight': 'dldslds',
      'data/rules/0/rollout/variations/0/untracked': 'dldslds',
      'data/clientSideAvailability/usingMobileKey': 'dldslds',
      'data/clientSideAvailability/usingEnvironmentId': 'dldslds',
      'data/migration/checkRatio': 'slsslss',
    },
  },
  {
    message: 'patch of a segment',
    whole: { path: '/segments/s', data: SEGMENT },
    read: readStream('patch'),
    members: {
      'data/key': 'dldslds',
      'data/version': 'dldslds',
      'data/included': 'dddslds',
      'data/excluded': 'dddslds',
      'data/includedContexts': 'dddslds',
      'data/excludedContexts': 'dddslds',
      'data/salt': 'dldslds',
      'data/rules': 'dddslds',
      'data/unbounded': 'dldslds',
      'data/unboundedContextKind': 'dldslds',
      'data/generation': 'dddslds',
      'data/includedContexts/0/contextKind': 'dldslds',
      'data/includedContexts/0/values': 'dddslds',
      'data/rules/0/id': 'slsslss',
      'data/rules/0/weight': 'dddslds',
      'data/rules/0/bucketBy': 'dddslds',
      'data/rules/0/rolloutContextKind': 'dldslds',
      'data/rules/0/clauses': 'dddslds',
    },
  },
  {
    message: 'delete of a flag',
    whole: { path: '/flags/f', version: 3 },
    read: readStream('delete'),
    members: {
      path: 'rirsiis',
      version: 'rrrsrds',
    },
  },
  {
    message: "AutoConfig's list",
    whole: {
      path: '/',
      data: { environments: { e1: ENVIRONMENT }, filters: { x: { projKey: 'p', key: 'k', version: 1 } } },
    },
    read: readAutoConfig('put'),
    members: {
      path: 'ssssris',
      data: 'srrsrds',
      'data/environments': 'sddsrds',
      'data/filters': 'sddsrds',
      'data/environments/e1': 'lldllls',
      'data/environments/e1/sdkKey': 'sllslls',
      'data/filters/x': 'dldllls',
      'data/filters/x/projKey': 'sddslds',
      'data/filters/x/key': 'sllslls',
      'data/filters/x/version': 'sddslds',
    },
  },
  {
    message: "AutoConfig's environment",
    whole: { path: '/environments/e1', data: ENVIRONMENT },
    read: readAutoConfig('patch'),
    members: {
      path: 'srrsris',
      data: 'srrslls',
      'data/envID': 'sllslls',
      'data/envKey': 'sddslds',
      'data/envName': 'sddslds',
      'data/mobKey': 'sddslds',
      'data/projKey': 'sddslds',
      'data/projName': 'sddslds',
      'data/sdkKey': 'sllslls',
      'data/defaultTtl': 'sddslds',
      'data/secureMode': 'sddslds',
      'data/version': 'sddslds',
      'data/sdkKey/value': 'sllslls',
      'data/sdkKey/expiring': 'sddslds',
      'data/sdkKey/expiring/value': 'sddslds',
      'data/sdkKey/expiring/timestamp': 'sddslds',
    },
  },
  {
    message: "AutoConfig's delete",
    whole: { path: '/environments/e1', version: 3 },
    read: readAutoConfig('delete'),
    members: {
      path: 'srrsris',
      version: 'sddsrds',
    },
  },
  {
    message: 'patch of a big segment',
    whole: {
      patches: [
        {
          environmentId: 'e1',
          segmentId: 's.g1',
          version: '2',
          previousVersion: '1',
          changes: { included: { add: ['a'], remove: ['b'] }, excluded: { add: ['c'], remove: ['d'] } },
        },
      ],
    },
    read: (text) => parsePatches(text.slice('{"patches":'.length, -1)),
    members: {
      'patches/0/environmentId': 'sssssss',
      'patches/0/segmentId': 'srrsrds',
      'patches/0/version': 'srrsrds',
      'patches/0/previousVersion': 'sddsrds',
      'patches/0/changes': 'sddsrds',
      'patches/0/changes/included': 'sddsrds',
      'patches/0/changes/excluded': 'sddsrds',
      'patches/0/changes/included/add': 'sddsrds',
      'patches/0/changes/included/remove': 'sddsrds',
      'patches/0/changes/excluded/add': 'sddsrds',
    },
  },
  {
    message: 'description in an archive',
    whole: { env: ENVIRONMENT, dataId: 'd1' },
    read: (text) => readArchived(text, '{}'),
    members: {
      env: 'sllslls',
      dataId: 'sddslds',
      'env/envID': 'sllslls',
      'env/sdkKey': 'sllslls',
      'env/mobKey': 'sddslds',
      'env/defaultTtl': 'sddslds',
    },
  },
  {
    message: 'data in an archive',
    whole: DATA,
    read: (text) => readArchived(JSON.stringify({ env: ENVIRONMENT, dataId: 'd1' }), text),
    members: {
      flags: 'dddslds',
      segments: 'dddslds',
      'flags/f': 'sldllds',
      'flags/f/version': 'dldslds',
    },
  },
  {
    message: 'data file',
    whole: DATA,
    read: (text) => dataFacts(readDataFile(text, () => undefined)),
    members: {
      flags: 'dddsrds',
      segments: 'dddsrds',
      'flags/f': 'sldllds',
      'flags/f/version': 'dldslds',
    },
  },
  {
    message: 'flag in Redis',
    whole: FLAG,
    read: (text) => itemFacts(itemCodec.decode('flags', 'f', text)),
    members: {
      key: 'drdsrds',
      version: 'drdsrds',
      rules: 'dddsrds',
      salt: 'drdsrds',
    },
  },
  {
    message: 'context',
    whole: { kind: 'org', key: 'k', name: 'n', anonymous: true, own: 'x', _meta: { privateAttributes: ['a'] } },
    read: parseContext,
    members: {
      kind: 'drddrrs',
      key: 'rrrdrrs',
      name: 'ddddrds',
      anonymous: 'drddrds',
      own: 'dddddds',
      _meta: 'ddddrds',
      '_meta/privateAttributes': 'ddddrds',
    },
  },
  {
    message: 'user',
    whole: { key: 'k', name: 'n', anonymous: true, email: 'e', custom: { a: 1 }, privateAttributeNames: ['a'] },
    read: parseContext,
    members: {
      key: 'rrrsrds',
      name: 'dddsrds',
      anonymous: 'dddsrds',
      email: 'dddsrds',
      custom: 'dddsrds',
      privateAttributeNames: 'ssssrss',
    },
  },
];

/** The text of a value with the member at `path` (`a/0/b`) changed. Text, as an object cannot have a member twice. */
function changed(value: Json, path: readonly string[], change: (typeof CHANGES)[string]): string {
  const [step, ...rest] = path;
  if (Array.isArray(value)) {
    return `[${value.map((one, at) => (String(at) === step ? changed(one, rest, change) : JSON.stringify(one))).join()}]`;
  }
  assert.ok(isJsonObject(value) && step !== undefined && Object.hasOwn(value, step), `no ${step}`);
  const members = Object.entries(value).flatMap(([name, member]) => {
    if (name !== step) return [`${JSON.stringify(name)}:${JSON.stringify(member)}`];
    if (rest.length > 0) return [`${JSON.stringify(name)}:${changed(member, rest, change)}`];
    return change(name, member).map(([as, now]) => `${JSON.stringify(as)}:${JSON.stringify(now)}`);
  });
  return `{${members.join()}}`;
}

function outcome({ read, whole }: Row, text: string): Outcome {
  let found: unknown;
  try {
    found = read(text);
  } catch (error) {
    assert.ok(error instanceof Error);
    return 'r';
  }
  if (found === LEFT) return 'l';
  if (found === undefined) return 'i';
  return isDeepStrictEqual(found, read(JSON.stringify(whole))) ? 's' : 'd';
}

for (const row of ROWS) {
  test(`${row.message}: ${Object.keys(CHANGES).join(', ')} of each member`, () => {
    const outcomes = Object.keys(row.members).map((member): [string, string] => [
      member,
      Object.values(CHANGES)
        .map((change) => outcome(row, changed(row.whole, member.split('/'), change)))
        .join(''),
    ]);
    assert.deepEqual(Object.fromEntries(outcomes), row.members);
  });
}
