import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { waitFor } from '../../machine/wait-for.ts';
import { endLeftProcesses } from './containers.ts';
import {
  ComponentEndedError,
  logFile,
  ownerVariable,
  recordedComponents,
  runningProcess,
  startComponent,
  stopComponent,
} from './daemon.ts';
import { clusterLayout } from './layout.ts';
import { currentBootId, identify, processesWithVariable } from './process-identity.ts';

function scratchLayout(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-daemon-'));
  const layout = { ...clusterLayout(folder, { runFolder: join(folder, 'run') }), nodes: [] };
  t.after(async () => {
    await endLeftProcesses(layout);
    rmSync(folder, { recursive: true });
  });
  return layout;
}

const shell = (name: string, script: string) => ({ name, program: 'sh', args: ['-c', script] });

test('a component runs until it is stopped, and starting it twice starts it once', async (t) => {
  const layout = scratchLayout(t);
  const component = shell('one', 'echo started; exec sleep 60');
  await startComponent(layout, component, '/bin/sh');
  const first = runningProcess(layout, 'one');
  assert.ok(first);
  await startComponent(layout, component, '/bin/sh');
  assert.deepEqual(runningProcess(layout, 'one'), first);
  assert.deepEqual(recordedComponents(layout), ['one']);

  await stopComponent(layout, 'one');
  assert.equal(runningProcess(layout, 'one'), undefined);
  assert.deepEqual(recordedComponents(layout), []);
});

test('one that was killed counts as not running and starts again', async (t) => {
  const layout = scratchLayout(t);
  await startComponent(layout, shell('one', 'exec sleep 60'), '/bin/sh');
  const first = runningProcess(layout, 'one');
  process.kill(first!.pid, 'SIGKILL');
  await waitFor('end', () => (runningProcess(layout, 'one') === undefined ? true : undefined), { timeoutMs: 10_000 });
  assert.deepEqual(recordedComponents(layout), ['one']);
  await startComponent(layout, shell('one', 'exec sleep 60'), '/bin/sh');
  assert.notEqual(runningProcess(layout, 'one')?.pid, first?.pid);
});

test('one that does not heed SIGTERM is killed after its grace', async (t) => {
  const layout = scratchLayout(t);
  await startComponent(layout, shell('deaf', 'trap "" TERM; echo deaf; while :; do sleep 1; done'), '/bin/sh');
  const deaf = () => (readFileSync(logFile(layout, 'deaf'), 'utf8').includes('deaf') ? true : undefined);
  await waitFor('trap', deaf, { timeoutMs: 10_000 });
  await stopComponent(layout, 'deaf', 200);
  assert.equal(runningProcess(layout, 'deaf'), undefined);
});

test('a process that took over the id, or the id of an earlier boot, is left alone', async (t) => {
  const layout = scratchLayout(t);
  const self = identify(process.pid)!;
  mkdirSync(layout.processes, { recursive: true });
  for (const other of [{ startTime: self.startTime + 1 }, { bootId: `not ${currentBootId()}` }]) {
    writeFileSync(join(layout.processes, 'stale.json'), JSON.stringify({ ...self, ...other }));
    assert.equal(runningProcess(layout, 'stale'), undefined);
    await stopComponent(layout, 'stale');
    assert.deepEqual(recordedComponents(layout), []);
  }
});

test('what a component started and left running is found and ended', async (t) => {
  const layout = scratchLayout(t);
  await startComponent(layout, shell('parent', 'setsid sleep 61 & exec sleep 60'), '/bin/sh');
  const ours = () => processesWithVariable(ownerVariable, layout.stateFolder);
  await waitFor('child', () => (ours().length === 2 ? true : undefined), { timeoutMs: 10_000 });
  await stopComponent(layout, 'parent');
  assert.equal(ours().length, 1);
  await endLeftProcesses(layout);
  assert.equal(ours().length, 0);
});

test('the error about an ended component has the end of its log', async (t) => {
  const layout = scratchLayout(t);
  mkdirSync(layout.logs, { recursive: true });
  writeFileSync(logFile(layout, 'etcd'), 'address in use\n');
  assert.match(
    new ComponentEndedError(layout, 'etcd').message,
    /etcd has ended; the end of .*etcd\.log:\naddress in use/,
  );
});
