import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthy, report } from '../testing/test-snapshot.ts';
import { aggregate } from './aggregate.ts';
import { skewOf, versionSkew } from './version-skew.ts';

const cases: [relay: string, operator: string, expected: 'TooOld' | 'TooNew' | undefined][] = [
  ['1.4.0', '1.4.2', undefined],
  ['1.4.9', '1.4.2', undefined],
  ['1.3.7', '1.4.0', undefined],
  ['1.2.9', '1.4.0', 'TooOld'],
  ['1.5.0', '1.4.0', 'TooNew'],
  ['0.9.0', '1.0.0', 'TooOld'],
  ['2.0.0', '1.9.0', 'TooNew'],
  ['v1.3.0', '1.4.0', undefined],
  ['0.0.0-dev', 'main', undefined],
];

for (const [relay, operator, expected] of cases) {
  test(`relay ${relay} under operator ${operator}: ${expected ?? 'supported'}`, () =>
    assert.equal(skewOf(relay, operator), expected));
}

test('one pod is enough, and the message says which release it runs', () => {
  const verdict = (versions: string[]) => {
    const instances = versions.map((version, index) => report('abc'[index] ?? '', { version }));
    const snapshot = healthy({ instances, operatorVersion: '1.4.0' });
    return versionSkew({ snapshot, environments: aggregate(snapshot) });
  };
  assert.deepEqual(verdict(['1.4.0', '1.3.0', '1.2.0']), {
    status: 'True',
    reason: 'RelayTooOld',
    message: 'Pods run 1.2.0, the operator is 1.4.0 and supports the release before it: update `spec.image`.',
  });
  assert.equal(verdict(['1.2.0', '1.6.0']).reason, 'RelayTooNew');
  assert.equal(verdict(['1.4.0', '1.4.0']).status, 'False');
  assert.equal(verdict([]).status, 'False');
});
