import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerNode } from './heap.ts';

const GIB = 1024 ** 3;
const own = (options: string, execArgv: string[] = []) => ({ execArgv, env: { NODE_OPTIONS: options, A: 'b' } });

test('a worker has its part of the heap of the container, whatever percentage the container has', () => {
  const percentage = '--max-old-space-size-percentage=62';
  assert.deepEqual(workerNode(own(`${percentage} --enable-source-maps`, ['--max-semi-space-size=8']), 4, GIB), {
    execArgv: ['--max-semi-space-size=8', '--max-old-space-size=158'],
    env: { NODE_OPTIONS: '--enable-source-maps', A: 'b' },
  });
  assert.deepEqual(workerNode(own('', [percentage]), 2, GIB).execArgv, ['--max-old-space-size=317']);
});

test('a size that was chosen stays, and so does everything without a container', () => {
  for (const start of [own('--max-old-space-size=100'), own('', ['--max_old_space_size=100'])]) {
    assert.equal(workerNode(start, 4, GIB), start);
  }
  const start = own('--max-old-space-size-percentage=62');
  assert.equal(workerNode(start, 4, undefined), start);
});
