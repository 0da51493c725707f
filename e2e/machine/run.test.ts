import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError, lastLines, run } from './run.ts';

test('returns what the command wrote and feeds its input', async () => {
  assert.equal((await run('cat', [], { timeoutMs: 10_000, input: 'hello' })).stdout, 'hello');
});

test('a failing command is a CommandError with exit code and standard error', async () => {
  await assert.rejects(run('sh', ['-c', 'echo broken >&2; exit 3'], { timeoutMs: 10_000 }), (error) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /exit code 3\nbroken/);
    return true;
  });
});

test('a command that outlives its limit is killed', async () => {
  await assert.rejects(run('sleep', ['60'], { timeoutMs: 50 }), /killed by SIGKILL \(limit 50 ms\)/);
});

test('a program that does not exist is a CommandError', async () => {
  await assert.rejects(run('/nowhere/program', [], { timeoutMs: 1000 }), CommandError);
});

test('lastLines leaves short texts alone', () => {
  assert.equal(lastLines('a\nb\nc\n', 2), 'b\nc');
  assert.equal(lastLines('a', 2), 'a');
});
