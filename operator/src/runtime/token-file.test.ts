import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { createFakeClock } from './testing/fake-clock.ts';
import { adoptTokenFiles, TokenFileAuth } from './token-file.ts';

async function setUp(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'token-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  const clock = createFakeClock();
  const auth = new TokenFileAuth(clock);
  const user = { name: 'u', authProvider: { name: 'rereadable-token-file', config: { path } } };
  const header = async () => {
    const options: { headers?: Record<string, string> } = { headers: { 'x-other': '1' } };
    await auth.applyAuthentication(user, options);
    return options.headers?.Authorization;
  };
  return { path, clock, auth, user, header };
}

describe('token file', () => {
  it('is read once a minute, without its line end', async (t) => {
    const { path, clock, header } = await setUp(t);
    await writeFile(path, 'first\n');
    assert.equal(await header(), 'Bearer first');
    await writeFile(path, 'second\n');
    clock.freeze(59_999);
    assert.equal(await header(), 'Bearer first');
    clock.freeze(1);
    assert.equal(await header(), 'Bearer second');
  });

  it('is read again at once after forget', async (t) => {
    const { path, auth, header } = await setUp(t);
    await writeFile(path, 'first');
    await header();
    await writeFile(path, 'second');
    auth.forget();
    assert.equal(await header(), 'Bearer second');
  });

  it('must not be empty or missing', async (t) => {
    const { path, header } = await setUp(t);
    await assert.rejects(header(), { code: 'ENOENT' });
    await writeFile(path, '\n');
    await assert.rejects(header(), /is empty: it must hold a bearer token/);
  });

  it('takes over users of client-node’s reader and leaves others alone', () => {
    const config = new KubeConfig();
    const other = { name: 'other', token: 'x' };
    const ours = { name: 'pod', authProvider: { name: 'tokenFile', config: { tokenFile: '/var/run/token' } } };
    config.loadFromOptions({ clusters: [], users: [other, ours], contexts: [], currentContext: '' });
    adoptTokenFiles(config);
    assert.deepEqual(config.users, [
      other,
      { name: 'pod', authProvider: { name: 'rereadable-token-file', config: { path: '/var/run/token' } } },
    ]);
    const auth = new TokenFileAuth();
    assert.deepEqual(
      config.users.map((user) => auth.isAuthProvider(user)),
      [false, true],
    );
  });
});
