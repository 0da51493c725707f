import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createFakeClock } from '@flagrelay/kube/testing/fake-clock';
import { RequestContext } from '@kubernetes/client-node';
import { PooledKubeConfig } from './kube-config.ts';

const url = 'https://127.0.0.1:6443';

function setUp(t: TestContext, cluster: object = {}, user: object = {}) {
  const clock = createFakeClock();
  const config = new PooledKubeConfig({ clock });
  t.after(() => config.close());
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: false, ...cluster }, { name: 'u', ...user });
  const dispatcher = async () => {
    const context = new RequestContext(url, 'GET');
    await config.applySecurityAuthentication(context);
    return context.getDispatcher();
  };
  return { config, clock, dispatcher };
}

describe('pooled kubeconfig', () => {
  it('gives every request the same dispatcher (#2893)', async (t) => {
    const { dispatcher } = setUp(t);
    const first = await dispatcher();
    assert.ok(first);
    assert.equal(await dispatcher(), first);
  });

  it('makes a new one when the CA file changes, and closes the old one', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'ca-'));
    t.after(() => rm(folder, { recursive: true }));
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, 'one');
    const { dispatcher } = setUp(t, { caFile });
    const first = await dispatcher();
    assert.equal(await dispatcher(), first);
    await writeFile(caFile, 'two');
    const second = await dispatcher();
    assert.notEqual(second, first);
    assert.equal((first as unknown as { closed: boolean }).closed, true);
  });

  it('keeps it when only the token changes', async (t) => {
    const { config, dispatcher } = setUp(t, {}, { token: 'one' });
    const first = await dispatcher();
    config.users = [{ name: 'u', token: 'two' }];
    assert.equal(await dispatcher(), first);
  });

  it('replaces a suspected one, but not at once again', async (t) => {
    const { config, clock, dispatcher } = setUp(t);
    const first = await dispatcher();
    config.suspect(first);
    assert.equal(await dispatcher(), first, 'it is too new to be dead');
    clock.freeze(10_000);
    config.suspect(undefined);
    config.suspect(first);
    const second = await dispatcher();
    assert.notEqual(second, first);
    config.suspect(first);
    assert.equal(await dispatcher(), second);
  });

  it('refuses requests once it is closed', async (t) => {
    const { config, dispatcher } = setUp(t);
    await dispatcher();
    await config.close();
    await assert.rejects(dispatcher(), /the connection to the API server is closed/);
  });

  it('refuses a SOCKS proxy by name', async (t) => {
    const { dispatcher } = setUp(t, { proxyUrl: 'socks5://127.0.0.1:1080' });
    await assert.rejects(dispatcher(), /proxy-url socks5:\/\/ must be an http or https URL/);
  });

  it('goes through an HTTP proxy', async (t) => {
    const { dispatcher } = setUp(t, { proxyUrl: 'http://127.0.0.1:3128' });
    assert.equal((await dispatcher())?.constructor.name, 'ProxyAgent');
  });
});
