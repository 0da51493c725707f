import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Dispatcher, request } from 'undici';
import { createTestCa, type TestCa } from '../testing/certificates.ts';
import { eventually } from '../testing/eventually.ts';
import { startTestProxy } from '../testing/proxy.ts';
import { createUpstreamDispatcher } from './dispatcher.ts';
import { ProxySettingsError } from './proxy-settings.ts';

let ca: TestCa;
let plain: Awaited<ReturnType<typeof serve>>;
let secure: Awaited<ReturnType<typeof serve>>;

async function serve(tls?: { cert: string; key: string }) {
  const listener: RequestListener = (incoming, response) => {
    if (incoming.url === '/hang') return;
    response.end(`${incoming.headers.host} ${incoming.headers['proxy-authorization'] ?? '-'}`);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  return { port, close: () => new Promise((resolve) => server.close(resolve) && server.closeAllConnections()) };
}

before(async () => {
  ca = createTestCa();
  plain = await serve();
  secure = await serve(ca.server);
});
after(async () => {
  await plain.close();
  await secure.close();
  ca[Symbol.dispose]();
});

async function get(dispatcher: Dispatcher, url: string): Promise<string> {
  const answer = await request(url, { dispatcher, signal: AbortSignal.timeout(10_000) });
  return answer.body.text();
}

test('without a proxy requests go directly, and an extra CA file is trusted', async () => {
  const dispatcher = createUpstreamDispatcher({ caCertFiles: [ca.caFile] }, {});
  assert.equal(await get(dispatcher, `https://localhost:${secure.port}/`), `localhost:${secure.port} -`);
  await dispatcher.close();
});

test('an unknown certificate authority is refused', async () => {
  const dispatcher = createUpstreamDispatcher(undefined, {});
  await assert.rejects(get(dispatcher, `https://localhost:${secure.port}/`), /certificate/);
  await dispatcher.close();
});

test('the authorities of the system count: at once where SSL_CERT_FILE says so, else from the first certificate that needs them', async () => {
  const url = `https://localhost:${secure.port}/`;
  const named = createUpstreamDispatcher(undefined, { SSL_CERT_FILE: ca.caFile });
  assert.equal(await get(named, url), `localhost:${secure.port} -`);
  await named.close();
  const late = createUpstreamDispatcher(undefined, {}, { authorities: () => [ca.ca] });
  await assert.rejects(get(late, url), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  assert.equal(await get(late, url), `localhost:${secure.port} -`);
  await late.close();
});

test('the authorities of the system count beside configured ones', async () => {
  using other = createTestCa();
  const env = { SSL_CERT_FILE: ca.caFile };
  const dispatcher = createUpstreamDispatcher({ caCertFiles: [other.caFile] }, env);
  assert.equal(await get(dispatcher, `https://localhost:${secure.port}/`), `localhost:${secure.port} -`);
  await dispatcher.close();
});

test('a configured proxy carries http by forwarding and https by a tunnel, with basic authentication', async () => {
  await using proxy = await startTestProxy();
  proxy.requireAuthorization(`Basic ${btoa('me:p@ss:word')}`);
  const config = { url: proxy.url, credentials: 'me:p@ss:word', caCertFiles: [ca.caFile] };
  const dispatcher = createUpstreamDispatcher(config, { NO_PROXY: '*' });
  assert.equal(await get(dispatcher, `http://localhost:${plain.port}/x`), `localhost:${plain.port} -`);
  assert.equal(await get(dispatcher, `https://localhost:${secure.port}/x`), `localhost:${secure.port} -`);
  assert.deepEqual(proxy.seen, [`GET http://localhost:${plain.port}/x`, `CONNECT localhost:${secure.port}`]);
  await dispatcher.close();
});

test('wrong proxy credentials are an error that names 407 and not the password', async () => {
  await using proxy = await startTestProxy();
  proxy.requireAuthorization('Basic other');
  const url = proxy.url.replace('http://', 'http://me:secret@');
  const dispatcher = createUpstreamDispatcher({ url, caCertFiles: [ca.caFile] }, {});
  for (const target of [`http://localhost:${plain.port}/`, `https://localhost:${secure.port}/`]) {
    await assert.rejects(get(dispatcher, target), (error: Error) => {
      assert.match(error.message, /407/);
      assert.doesNotMatch(error.stack ?? '', /secret/);
      return true;
    });
  }
  await dispatcher.close();
});

test('a proxy may itself be reached by TLS', async () => {
  await using proxy = await startTestProxy(ca.server);
  const dispatcher = createUpstreamDispatcher({ url: proxy.url, caCertFiles: [ca.caFile] }, {});
  assert.equal(await get(dispatcher, `https://localhost:${secure.port}/`), `localhost:${secure.port} -`);
  assert.equal(await get(dispatcher, `http://localhost:${plain.port}/`), `localhost:${plain.port} -`);
  assert.equal(proxy.seen.length, 2);
  await dispatcher.close();
});

test('HTTP_PROXY and HTTPS_PROXY are used except for the hosts of NO_PROXY', async () => {
  await using proxy = await startTestProxy();
  const env = { https_proxy: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: 'direct.test' };
  const dispatcher = createUpstreamDispatcher({ caCertFiles: [ca.caFile] }, env);
  assert.equal(await get(dispatcher, `http://up.test:${plain.port}/`), `up.test:${plain.port} -`);
  await assert.rejects(get(dispatcher, `https://up.test:${secure.port}/`), /altnames/);
  await assert.rejects(get(dispatcher, `http://direct.test:${plain.port}/`), /ENOTFOUND|EAI_AGAIN/);
  assert.deepEqual(proxy.seen, [`GET http://up.test:${plain.port}/`, `CONNECT up.test:${secure.port}`]);
  await dispatcher.close();
});

test('new credentials in the watched file are used without a restart', { timeout: 30_000 }, async () => {
  await using proxy = await startTestProxy();
  const credentialsFile = join(ca.directory, 'proxy-credentials');
  writeFileSync(credentialsFile, 'me:old\n');
  proxy.requireAuthorization(`Basic ${btoa('me:old')}`);
  const absences: (string | undefined)[] = [];
  const dispatcher = createUpstreamDispatcher(
    { url: proxy.url, credentialsFile, caCertFiles: [] },
    {},
    { credentialsPollMs: 50, onAbsent: (problem) => absences.push(problem) },
  );
  await get(dispatcher, `http://localhost:${plain.port}/`);
  proxy.requireAuthorization(`Basic ${btoa('me:new')}`);
  writeFileSync(credentialsFile, 'me:new\n');
  await eventually(() => get(dispatcher, `http://localhost:${plain.port}/`));
  for (const absent of [() => rmSync(credentialsFile), () => writeFileSync(credentialsFile, '')]) {
    absent();
    await eventually(() => assert.match(absences.at(-1) ?? '', /credentials ?File/i));
    await get(dispatcher, `http://localhost:${plain.port}/`);
    writeFileSync(credentialsFile, 'me:new\n');
    await eventually(() => assert.equal(absences.at(-1), undefined));
    await get(dispatcher, `http://localhost:${plain.port}/`);
  }
  await dispatcher.close();
});

test('close cuts a request that does not end', { timeout: 20_000 }, async () => {
  const dispatcher = createUpstreamDispatcher(undefined, {});
  const hanging = get(dispatcher, `http://localhost:${plain.port}/hang`);
  await Promise.all([assert.rejects(hanging), dispatcher.close()]);
});

test('unusable settings are refused by name', () => {
  assert.throws(() => createUpstreamDispatcher({ url: 'ftp://proxy', caCertFiles: [] }, {}), ProxySettingsError);
  assert.throws(() => createUpstreamDispatcher(undefined, { HTTPS_PROXY: 'http://[' }), /HTTPS_PROXY/);
  assert.throws(() => createUpstreamDispatcher({ caCertFiles: ['/nowhere.pem'] }, {}), /caCertFiles.*nowhere/);
});
