import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../../src/testing/eventually.ts';
import { KEYS, simpleFlag, startTestRelay, untilReady } from '../../src/testing/relay.ts';

const BUILD_MS = 300_000;
const STEP_MS = 60_000;

test("LaunchDarkly's Go server SDK: initialises by stream, evaluates, sees a change", {
  timeout: 400_000,
}, async () => {
  await using closers = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-go-sdk-'));
  closers.defer(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'client');
  await promisify(execFile)('go', ['build', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'go'),
    timeout: BUILD_MS,
  });
  const relay = await startTestRelay();
  closers.defer(() => relay.close());
  await untilReady(relay);

  const child = spawn(program, [KEYS.sdk, `http://127.0.0.1:${relay.port}`, 'one'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  closers.defer(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await ended;
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const reports: { value: unknown; reason: string }[] = [];
  createInterface(child.stdout).on('line', (line) =>
    reports.push(JSON.parse(line) as { value: unknown; reason: string }),
  );
  const reported = (count: number) =>
    eventually(
      () => assert.ok(reports.length >= count, `${reports.length} of ${count} values came: ${errors}`),
      STEP_MS,
    );

  await reported(1);
  assert.deepEqual(reports[0], { value: 'a', reason: 'FALLTHROUGH' });
  relay.upstream.patchFlag(KEYS.sdk, simpleFlag('one', 9, { fallthrough: { variation: 1 } }));
  await reported(2);
  assert.deepEqual(reports[1], { value: 'b', reason: '' });
  const ended = once(child, 'exit');
  child.stdin.end();
  assert.deepEqual(await ended, [0, null], errors);
});
