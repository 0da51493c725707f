import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { followMissingFiles } from './missing-files.ts';

test('a file that is not there is named until it comes, and again when it goes', { timeout: 20_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-missing-'));
  const [here, gone] = [join(directory, 'here'), join(directory, 'gone')];
  writeFileSync(here, 'x');
  let wake = (): void => undefined;
  const next = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const files = followMissingFiles([gone, here], () => wake(), 20);
  assert.deepEqual(files.list(), [gone]);
  let change = next();
  writeFileSync(gone, 'x');
  await change;
  assert.deepEqual(files.list(), []);
  change = next();
  rmSync(here);
  await change;
  assert.deepEqual(files.list(), [here]);
  files.close();
  rmSync(directory, { recursive: true });
});
