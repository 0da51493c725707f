import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { ItemKind } from '../../../data/data.ts';
import type { JsonObject } from '../../../json/json.ts';
import { completeItem } from './complete.ts';
import { parseItem } from './parse.ts';

const completed = (kind: ItemKind, text: string): string => completeItem(kind, text, JSON.parse(text) as JsonObject);

// What ld-relay 8.10.1 served on /all for the same data, but for the order of members.
const EMPTY_FLAG = {
  key: '',
  on: false,
  prerequisites: [],
  targets: [],
  contextTargets: [],
  rules: [],
  fallthrough: {},
  offVariation: null,
  variations: [],
  clientSide: false,
  salt: '',
  trackEvents: false,
  trackEventsFallthrough: false,
  debugEventsUntilDate: null,
  version: 0,
  deleted: false,
};
const EMPTY_SEGMENT = {
  key: '',
  included: [],
  excluded: [],
  includedContexts: [],
  excludedContexts: [],
  salt: '',
  rules: [],
  version: 0,
  generation: null,
  deleted: false,
};

suite('what the reference fills in is there (contract 12.1)', () => {
  const cases: [name: string, kind: ItemKind, sent: object, served: object][] = [
    ['a flag of nothing', 'flags', {}, EMPTY_FLAG],
    ['a segment of nothing', 'segments', {}, EMPTY_SEGMENT],
    [
      'lists that are null',
      'flags',
      { prerequisites: null, targets: null, contextTargets: null, rules: null, variations: null },
      EMPTY_FLAG,
    ],
    [
      'lists of a segment that are null',
      'segments',
      { included: null, excluded: null, includedContexts: null, excludedContexts: null, rules: null },
      EMPTY_SEGMENT,
    ],
    [
      'parts of rules, clauses, targets and prerequisites',
      'flags',
      { prerequisites: [{}], targets: [{}, { values: null }], rules: [{}, { clauses: [{}, { attribute: null }] }] },
      {
        ...EMPTY_FLAG,
        prerequisites: [{ key: '', variation: 0 }],
        targets: [
          { variation: 0, values: [] },
          { variation: 0, values: [] },
        ],
        rules: [
          { clauses: [], trackEvents: false },
          {
            clauses: [
              { attribute: '', op: '', values: [], negate: false },
              { attribute: '', op: '', values: [], negate: false },
            ],
            trackEvents: false,
          },
        ],
      },
    ],
    [
      'parts of rollouts',
      'flags',
      { fallthrough: { rollout: { variations: [{}] } }, rules: [{ rollout: { variations: [{ weight: 1 }] } }] },
      {
        ...EMPTY_FLAG,
        fallthrough: { rollout: { variations: [{ variation: 0, weight: 0 }] } },
        rules: [{ rollout: { variations: [{ weight: 1, variation: 0 }] }, clauses: [], trackEvents: false }],
      },
    ],
    [
      'the older member of who sees a flag says the same as the newer',
      'flags',
      { clientSideAvailability: { usingEnvironmentId: true } },
      { ...EMPTY_FLAG, clientSide: true, clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: true } },
    ],
    [
      'rules and targets of a segment',
      'segments',
      { rules: [{}, { clauses: [{ op: 'in' }], weight: null }], includedContexts: [{ contextKind: 'org' }] },
      {
        ...EMPTY_SEGMENT,
        rules: [
          { id: '', clauses: [] },
          { clauses: [{ op: 'in', attribute: '', values: [], negate: false }], id: '' },
        ],
        includedContexts: [{ contextKind: 'org', values: [] }],
      },
    ],
    [
      'optional members that are null are not there, wherever they stand',
      'flags',
      {
        clientSideAvailability: null,
        migration: null,
        fallthrough: { variation: null, rollout: null },
        rules: [
          { variation: null, id: 'a', rollout: null },
          { rollout: { bucketBy: null, seed: null, variations: [] } },
          { rollout: { variations: [], bucketBy: null, seed: null } },
          { rollout: null, variation: null },
        ],
      },
      {
        ...EMPTY_FLAG,
        migration: {},
        rules: [
          { id: 'a', clauses: [], trackEvents: false },
          { rollout: { variations: [] }, clauses: [], trackEvents: false },
          { rollout: { variations: [] }, clauses: [], trackEvents: false },
          { clauses: [], trackEvents: false },
        ],
      },
    ],
  ];
  for (const [name, kind, sent, served] of cases) {
    test(name, () => assert.deepEqual(JSON.parse(completed(kind, JSON.stringify(sent))), served));
  }
});

test('nothing else changes: unknown members, spelling of numbers, white space, order', () => {
  const text = ' { "new" : [1.0, {"rules":[{}]}], "version":12345678901234567890, "rules" : [ { } ] }\n';
  const served = completed('flags', text);
  assert.ok(served.startsWith(' { "new" : [1.0, {"rules":[{}]}], "version":12345678901234567890, "rules" : [ { '));
  assert.deepEqual(JSON.parse(served).rules, [{ clauses: [], trackEvents: false }]);
});

test('an item that has everything is the very same text', () => {
  for (const [kind, item] of [
    ['flags', EMPTY_FLAG],
    ['segments', EMPTY_SEGMENT],
  ] as const) {
    const text = JSON.stringify(item);
    assert.equal(completed(kind, text), text);
  }
});

const name = fc.constantFrom(...Object.keys({ ...EMPTY_FLAG, ...EMPTY_SEGMENT }), 'clauses', 'values', 'rollout', 'x');
const { sparse } = fc.letrec<{ sparse: unknown }>((tie) => ({
  sparse: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, '', 1, true),
    fc.array(tie('sparse'), { maxLength: 3 }),
    fc.dictionary(name, tie('sparse'), { maxKeys: 5 }),
  ),
}));

test('whatever is a flag or segment stays what it was, and has nothing to fill in any more', () => {
  fc.assert(
    fc.property(fc.constantFrom<ItemKind>('flags', 'segments'), fc.dictionary(name, sparse), (kind, sent) => {
      const text = JSON.stringify(sent);
      let item: ReturnType<typeof parseItem>;
      try {
        item = parseItem(kind, text, 'k');
      } catch {
        return;
      }
      const again = parseItem(kind, item.json, 'k');
      assert.equal(again.json, item.json);
      assert.equal(again.version, item.version);
      const served = JSON.parse(item.json);
      for (const [key, value] of Object.entries(JSON.parse(text))) {
        if (typeof value !== 'object') assert.equal(served[key], value);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a member twice: the last counts, and stays the last', () => {
  const served = JSON.parse(completed('flags', '{"rules":[{}],"rules":null,"salt":"a","salt":"b"}'));
  assert.deepEqual([served.rules, served.salt], [[], 'b']);
});
