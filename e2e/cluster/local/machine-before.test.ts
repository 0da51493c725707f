import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noteMachine, restoreMachine } from './machine-before.ts';

test('notes kernel settings once, and restores nothing where nothing was noted', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-machine-'));
  t.after(() => rmSync(folder, { recursive: true }));
  restoreMachine(folder);
  const state = join(folder, 'state');
  mkdirSync(state);
  noteMachine(state);
  const note = readFileSync(join(state, 'machine-before.json'), 'utf8');
  assert.match(note, /"net\/ipv4\/ip_forward":"[01]"/);
  noteMachine(state);
  assert.equal(readFileSync(join(state, 'machine-before.json'), 'utf8'), note);
});
