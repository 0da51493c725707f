import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../machine/paths.ts';
import { newestOfLine, pinnedNode } from './node-release.ts';

test('the newest of the pinned line counts, by number and not by text, and no other line or prerelease', () => {
  const versions = ['24.9.0', '24.21.0', '24.21.1', '24.3.9', '25.1.0', '24.22.0-rc.1', '22.30.0'];
  assert.equal(newestOfLine('24.21.0', versions), '24.21.1');
  assert.equal(newestOfLine('24.21.1', versions), '24.21.1');
  assert.equal(newestOfLine('24.30.0', versions), '24.30.0', 'a registry that lags behind is no reason to go back');
});

test('an older Node than the pinned one is not meant to run this', () => {
  const text = readFileSync(join(repositoryRoot, 'package.json'), 'utf8');
  assert.equal((JSON.parse(text) as { engines: { node: string } }).engines.node, `>=${pinnedNode(text)}`);
});
