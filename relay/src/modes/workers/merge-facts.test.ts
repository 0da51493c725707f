import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mergeFacts } from './merge-facts.ts';
import type { WorkerFacts } from './messages.ts';

const well: WorkerFacts = {
  ready: true,
  reason: 'ok',
  connections: 3,
  connectedEnvironments: 1,
  environments: [{ name: 'a', state: 'VALID', since: 100, storeState: 'VALID' }],
};

describe('how a pod of several workers does', () => {
  test('connections are added up; everything else is as it is in each worker', () => {
    assert.deepEqual(mergeFacts([well, well]), { ...well, connections: 6 });
  });

  test('not ready while a worker has said nothing, or is not ready itself, and why', () => {
    assert.deepEqual(pick(mergeFacts([well, undefined])), [false, '1 of 2 workers have not started yet']);
    assert.deepEqual(pick(mergeFacts([well, { ...well, ready: false, reason: 'no data yet' }])), [
      false,
      'no data yet',
    ]);
  });

  test('an environment is as well as in the worker where it is worst, its store too', () => {
    const ill: WorkerFacts = {
      ...well,
      connectedEnvironments: 0,
      environments: [{ name: 'a', state: 'INTERRUPTED', since: 200, storeState: 'VALID' }],
    };
    const storeDown: WorkerFacts = {
      ...well,
      environments: [{ name: 'a', state: 'VALID', since: 300, storeState: 'INTERRUPTED' }],
    };
    const merged = mergeFacts([well, ill, storeDown]);
    assert.equal(merged.connectedEnvironments, 0);
    assert.deepEqual(merged.environments, [{ name: 'a', state: 'INTERRUPTED', since: 200, storeState: 'INTERRUPTED' }]);
  });
});

function pick({ ready, reason }: WorkerFacts): [boolean, string] {
  return [ready, reason];
}
