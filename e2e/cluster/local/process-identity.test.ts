import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { identify, isAlive, processesWithVariable, startTimeOf } from './process-identity.ts';

const fieldsAfterState = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20';

test('reads the start time past a name with spaces and parentheses', () => {
  assert.equal(startTimeOf(`77 (a) b) S ${fieldsAfterState}`), 4242);
});

test('a zombie does not run any more', () => {
  assert.equal(startTimeOf(`77 (node) Z ${fieldsAfterState}`), undefined);
});

test('this process is alive; the same id with another start time or boot is not', () => {
  const self = identify(process.pid);
  assert.ok(self);
  assert.equal(isAlive(self), true);
  assert.equal(isAlive({ ...self, startTime: self.startTime + 1 }), false);
  assert.equal(isAlive({ ...self, bootId: 'another boot' }), false);
});

test('finds a process by a variable of its environment, until it ends', async (t) => {
  const value = `${process.pid}-${performance.now()}`;
  const child = spawn('sleep', ['60'], { env: { FLAGRELAY_TEST_MARK: value } });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const found = processesWithVariable('FLAGRELAY_TEST_MARK', value);
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [child.pid],
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.deepEqual(processesWithVariable('FLAGRELAY_TEST_MARK', value), []);
  assert.equal(isAlive(found[0]!), false);
});
