import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { KubeConfig } from '@kubernetes/client-node';
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
  it('is the bearer token of a request, and read again after forget', async (t) => {
    const { path, auth, header } = await setUp(t);
    await writeFile(path, 'first\n');
    assert.equal(await header(), 'Bearer first');
    await writeFile(path, 'second\n');
    assert.equal(await header(), 'Bearer first');
    auth.forget();
    assert.equal(await header(), 'Bearer second');
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
