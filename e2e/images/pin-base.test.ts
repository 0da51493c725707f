import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { dockerfileBase, pinnedReference } from './pin-base.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const asked: string[] = [];
const registry = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  if (request.url?.startsWith('/token?')) return void response.end(JSON.stringify({ token: 'anybody' }));
  if (request.url === '/v2/base/node/manifests/guarded') {
    if (request.headers.authorization === 'Bearer anybody') response.setHeader('docker-content-digest', digest);
    else {
      response.statusCode = 401;
      const scope = 'scope="repository:base/node:pull"';
      response.setHeader('www-authenticate', `Bearer realm="http://${host}/token",service="r",${scope}`);
    }
  } else if (request.url === '/v2/base/node/manifests/good') response.setHeader('docker-content-digest', digest);
  else response.statusCode = 404;
  response.end();
});
let host = '';
before(async () => {
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
after(() => {
  registry.closeAllConnections();
  registry.close();
});

test('the digest of a tag is that which the registry has now', async () => {
  assert.equal(await pinnedReference(`${host}/base/node:good`, 'http'), `${host}/base/node:good@${digest}`);
  assert.deepEqual(asked, ['HEAD /v2/base/node/manifests/good']);
});

test('a registry that wants a token of everybody is given one', async () => {
  assert.equal(await pinnedReference(`${host}/base/node:guarded`, 'http'), `${host}/base/node:guarded@${digest}`);
  assert.ok(asked.includes('GET /token?service=r&scope=repository%3Abase%2Fnode%3Apull'));
});

test('a reference with a digest is as it is, and nobody is asked', async () => {
  const reference = `gcr.io/base/node:good@${digest}`;
  assert.equal(await pinnedReference(reference), reference);
});

test('a tag without a digest is an error, and no tag in its place', async () => {
  await assert.rejects(pinnedReference(`${host}/base/node:gone`, 'http'), /HTTP 404 without a digest/);
  await assert.rejects(pinnedReference('127.0.0.1:1/base/node:good', 'http'), /cannot be asked/);
  await assert.rejects(pinnedReference('node'), /must be REGISTRY\/NAME/);
});

test("the Dockerfile's base is a whole reference, which can be pinned", () => {
  assert.match(dockerfileBase(), /^[a-z0-9.-]+\/\S+$/);
  assert.throws(() => dockerfileBase('FROM scratch\n'), /no line ARG BASE_IMAGE/);
});
