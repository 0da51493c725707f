import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Registry as PromRegistry } from 'prom-client';
import type { Registry } from '../../../environment/registry.ts';
import { RelayResponse } from '../../../http/response.ts';
import type { Route } from '../../../http/router.ts';
import { ask } from '../../../testing/client.ts';
import { eventually } from '../../../testing/eventually.ts';
import type { LaunchDarkly } from '../outlet/outlet.ts';
import { observeClients } from './clients.ts';
import { createLdRelayMetrics } from './ld-relay-metrics.ts';

/** Knows `sdk-1`, `mob-1` and `env1`. */
const registry = {
  lookup: (kind: string, value: string) =>
    value === { sdk: 'sdk-1', mobile: 'mob-1', env: 'env1' }[kind]
      ? { found: true, environment: { definition: { name: 'Prod' } } }
      : { found: false, reason: 'unknown' },
} as unknown as Registry<LaunchDarkly>;

const done: Route['handler'] = (_request, response) => void response.end('ok');
const ROUTES: Route[] = [
  {
    method: 'GET',
    path: '/all',
    name: 'all',
    handler(_request, response) {
      response.write(':\n');
      (response as RelayResponse).opened();
    },
  },
  { method: 'GET', path: '/sdk/flags', name: 'sdk_flags', handler: done },
  { method: 'GET', path: '/mping', name: 'mping', handler: done },
  { method: 'GET', path: '/sdk/evalx/:env/contexts/:context', name: 'js_evalx', handler: done },
];

test('10.1: streams and requests under the names of ld-relay, by environment, platform and user agent', {
  timeout: 20_000,
}, async () => {
  const prom = new PromRegistry();
  const routes = observeClients(ROUTES, registry, [createLdRelayMetrics(prom, 'conf')]);
  const server = createServer({ ServerResponse: RelayResponse }, (request, response) => {
    const index = Number(new URL(request.url ?? '', 'http://x').searchParams.get('route'));
    const route = routes[index];
    assert.ok(route);
    route.handler(request, response, { route, params: ['env1', 'x'], query: '' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const lines = async () => (await prom.metrics()).split('\n').filter((line) => line.startsWith('conf_'));

  const stream = httpRequest({ port, path: '/?route=0', headers: { authorization: 'sdk-1', 'user-agent': 'SDK/1' } });
  stream.on('error', () => undefined).end();
  await new Promise((resolve) => stream.on('response', resolve));
  await ask(port, '/?route=1', { headers: { Authorization: 'sdk-1', 'X-LaunchDarkly-User-Agent': 'PHP/2' } });
  await ask(port, '/?route=1', { headers: { Authorization: 'sdk-unknown' } });
  await ask(port, '/?route=2', { headers: { Authorization: 'mob-1' } });
  await ask(port, '/?route=3');
  assert.deepEqual(await lines(), [
    'conf_connections{env="Prod",platformCategory="server",userAgent="SDK_1"} 1',
    'conf_newconnections{env="Prod",platformCategory="server",userAgent="SDK_1"} 1',
    'conf_requests{env="Prod",platformCategory="server",userAgent="SDK_1",method="GET",route="_all"} 1',
    'conf_requests{env="Prod",platformCategory="server",userAgent="PHP_2",method="GET",route="_sdk_flags"} 1',
    'conf_requests{env="Prod",platformCategory="mobile",userAgent="_",method="GET",route="_mping"} 1',
    'conf_requests{env="Prod",platformCategory="browser",userAgent="_",method="GET",route="_sdk_evalx_{envId}_contexts_{context}"} 1',
  ]);
  stream.destroy();
  await eventually(async () => assert.match((await lines())[0] ?? '', / 0$/));
  for (let index = 0; index < 250; index += 1) {
    await ask(port, '/?route=1', { headers: { Authorization: 'sdk-1', 'User-Agent': `bot/${index}` } });
  }
  const text = (await lines()).join('\n');
  assert.ok(text.includes('userAgent="other"') && !text.includes('bot_249'), 'user agents are bounded');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
