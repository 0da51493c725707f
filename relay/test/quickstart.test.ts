import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../src/testing/eventually.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The one command of the README that begins so. */
function command(start: string): string {
  const found = readme.split('\n').find((line) => line.startsWith(start));
  assert.ok(found !== undefined, `README.md has a line "${start}…"`);
  return found;
}

test('the quick way of the README: the relay serves the sample file, and the curl line answers', async (t) => {
  // On another port than the README's, which may be in use on this machine.
  const port = await freePort();
  const relay = spawn('bash', ['-c', `exec ${command('npm run relay')}`], {
    cwd: root,
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
    detached: true,
  });
  t.after(() => {
    if (relay.pid !== undefined) process.kill(-relay.pid, 'SIGTERM');
  });
  const curl = command('curl').replace('localhost:8030', `127.0.0.1:${port}`);
  const answer = await eventually(
    async () => JSON.parse(await output(curl)) as Record<string, { value: unknown }>,
    60_000,
  );
  assert.deepEqual(Object.keys(answer).sort(), ['banner-text', 'new-checkout', 'rate-limit']);
  assert.equal(answer['banner-text']?.value, 'Hello, beta tester!');
});

function output(line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${line}: exit code ${code}`))));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
