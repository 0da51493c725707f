import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../resources/kubernetes-types.ts';
import { isFailing, waitingOf } from './pod-waiting.ts';

const pod = (container: object): Pod =>
  ({ status: { containerStatuses: [{ name: 'relay', ready: false, ...container }] } }) as unknown as Pod;
const waiting = (reason: string, message?: string) => pod({ state: { waiting: { reason, message } } });

test('a failed pull and the wait after it read the same', () => {
  const cause = 'failed to pull and unpack image "relay:nope": not found';
  const expected = { reason: 'ImagePullBackOff', words: cause };
  assert.deepEqual(waitingOf(waiting('ErrImagePull', cause)), expected);
  assert.deepEqual(
    waitingOf(waiting('ImagePullBackOff', `Back-off pulling image "relay:nope": ErrImagePull: ${cause}`)),
    expected,
  );
  assert.equal(
    waitingOf(waiting('ImagePullBackOff', 'Back-off pulling image "x"'))?.words,
    'Back-off pulling image "x"',
  );
});

test('a crash loop is one in each of its moments, with what the process said last', () => {
  const terminated = { exitCode: 2, reason: 'Error', message: 'one line\nport 80: permission denied\n' };
  const expected = { reason: 'CrashLoopBackOff', words: 'exit code 2 (Error): port 80: permission denied' };
  for (const state of [
    { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
    { running: {} },
    { terminated },
  ]) {
    assert.deepEqual(waitingOf(pod({ restartCount: 3, state, lastState: { terminated } })), expected);
  }
  assert.equal(waitingOf(pod({ restartCount: 1, state: { running: {} }, lastState: { terminated } })), undefined);
  const healthy = pod({ restartCount: 3, ready: true, state: { running: {} }, lastState: { terminated } });
  assert.equal(waitingOf(healthy), undefined);
});

test('long words are cut, and a start is no reason', () => {
  assert.equal(waitingOf(waiting('CreateContainerError', 'x'.repeat(500)))?.words?.length, 200);
  assert.equal(waitingOf(waiting('ContainerCreating')), undefined);
  assert.equal(waitingOf({}), undefined);
});

test('a pod that cannot be placed says so, which is no failure: a node may come', () => {
  const message = '0/3 nodes are available';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  assert.deepEqual(waitingOf({ status: { conditions } }), { reason: 'Unschedulable', words: message });
  assert.equal(isFailing({ reason: 'Unschedulable' }), false);
  assert.equal(isFailing({ reason: 'ImagePullBackOff' }), true);
});
