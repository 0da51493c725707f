import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createFakeClock } from './testing/fake-clock.ts';
import { createTokenFile } from './token-file.ts';

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'token-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  const clock = createFakeClock();
  const file = createTokenFile(clock);
  return { path, clock, file, read: () => file.read(path) };
}

describe('token file', () => {
  it('is read once a minute, without its line end', async (t) => {
    const { path, clock, read } = await setUp(t);
    await writeFile(path, 'first\n');
    assert.equal(await read(), 'first');
    await writeFile(path, 'second\n');
    clock.freeze(59_999);
    assert.equal(await read(), 'first');
    clock.freeze(1);
    assert.equal(await read(), 'second');
  });

  it('is read again at once after forget', async (t) => {
    const { path, file, read } = await setUp(t);
    await writeFile(path, 'first');
    await read();
    await writeFile(path, 'second');
    file.forget();
    assert.equal(await read(), 'second');
  });

  it('must not be empty or missing', async (t) => {
    const { path, read } = await setUp(t);
    await assert.rejects(read(), { code: 'ENOENT' });
    await writeFile(path, '\n');
    await assert.rejects(read(), /is empty: it must hold a bearer token/);
  });
});
