import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { watchFiles } from './watch.ts';

const TIMEOUT = { timeout: 20_000 };
const NEVER = 2 ** 31 - 1;

test('a change in the folder of a file is noticed without polling', TIMEOUT, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-watch-'));
  const noticed = Promise.withResolvers<void>();
  const watch = watchFiles([join(directory, 'file')], noticed.resolve, NEVER);
  writeFileSync(join(directory, 'file'), 'x');
  await noticed.promise;
  watch.close();
  rmSync(directory, { recursive: true });
});

test('a folder that comes later, or goes and comes back, is found by polling', TIMEOUT, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-watch-'));
  const folder = join(directory, 'later');
  let checks = 0;
  let wake = (): void => undefined;
  const watch = watchFiles(
    [join(folder, 'file')],
    () => {
      checks += 1;
      wake();
    },
    20,
  );
  const next = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  await next();
  mkdirSync(folder);
  await next();
  rmSync(folder, { recursive: true });
  await next();
  mkdirSync(folder);
  writeFileSync(join(folder, 'file'), 'x');
  await next();
  watch.close();
  const before = checks;
  writeFileSync(join(folder, 'file'), 'y');
  assert.equal(checks, before);
  rmSync(directory, { recursive: true });
});
