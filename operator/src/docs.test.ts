import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '../docs');

for (const page of readdirSync(folder)) {
  const text = readFileSync(join(folder, page), 'utf8');

  test(`${page}: what it links to is there`, () => {
    const targets = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target as string);
    const local = targets.filter((target) => !/^https?:/.test(target));
    assert.deepEqual(
      local.filter((target) => !existsSync(join(folder, target))),
      [],
    );
  });
}

for (const page of ['capability-levels.md', 'failure-modes.md']) {
  test(`${page}: every row of a table names its proof`, () => {
    const rows = readFileSync(join(folder, page), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| What') && !line.startsWith('| ---'));
    assert.ok(rows.length > 10);
    assert.deepEqual(
      rows.filter((row) => !/\]\([^)]+\)[^|]*\|$/.test(row)),
      [],
    );
  });
}
