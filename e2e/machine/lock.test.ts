import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { withLock } from './lock.ts';

const name = (suffix: string) => `lock.test ${process.pid} ${suffix}`;

test('the second one waits for the first and is told so once', async () => {
  const order: string[] = [];
  let waits = 0;
  const { promise: finish, resolve } = Promise.withResolvers<void>();
  const first = withLock(name('order'), () => finish.then(() => order.push('first')), { timeoutMs: 10_000 });
  const onWait = () => {
    waits += 1;
    resolve();
  };
  await withLock(name('order'), async () => order.push('second'), { timeoutMs: 10_000, onWait });
  await first;
  assert.deepEqual(order, ['first', 'second']);
  assert.equal(waits, 1);
});

test('the lock of a killed process is free', async () => {
  const script = `
    import { withLock } from '${import.meta.dirname}/lock.ts';
    await withLock('${name('killed')}', () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); }), { timeoutMs: 10_000 });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  await assert.rejects(
    withLock(name('killed'), async () => 'mine', { timeoutMs: 20 }),
    /lock .* not so after/,
  );
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.equal(await withLock(name('killed'), async () => 'mine', { timeoutMs: 10_000 }), 'mine');
});

test('the lock is free again after a failure', async () => {
  const failing = withLock(name('failure'), () => Promise.reject(new Error('failed')), { timeoutMs: 10_000 });
  await assert.rejects(failing, /failed/);
  assert.equal(await withLock(name('failure'), async () => 'mine', { timeoutMs: 10_000 }), 'mine');
});
