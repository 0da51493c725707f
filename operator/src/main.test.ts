import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('a wrong environment ends it with code 2 and one line for each mistake', () => {
  const env = { PATH: process.env.PATH, LOG_LEVEL: 'loud', PROBE_PORT: 'x' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    'flagrelay-operator: LOG_LEVEL: must be one of error, warn, info, debug, but is "loud"',
    'flagrelay-operator: PROBE_PORT: must be a port number from 0 to 65535, but is "x"',
  ]);
});
