import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ask } from '../testing/client.ts';
import { closeServer } from './listener.ts';
import { createOpsServer } from './ops.ts';
import type { OpsSources } from './ops-app.ts';

async function start(t: TestContext, sources: Partial<OpsSources> = {}) {
  const server = createOpsServer({
    readiness: () => ({ ready: false, reason: 'no data yet' }),
    metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => 'a_metric 1\n' },
    report: () => ({ pod: 'one' }),
    ...sources,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => closeServer(server));
  const { port } = server.address() as AddressInfo;
  return (path: string, method = 'GET') => ask(port, path, { method });
}

test('probes, metrics and the item of the pod', async (t) => {
  const get = await start(t);
  const livez = await get('/livez');
  assert.deepEqual([livez.status, livez.text], [200, 'ok\n']);
  assert.equal((await get('/livez?verbose')).status, 200);
  const readyz = await get('/readyz');
  assert.deepEqual([readyz.status, readyz.text], [503, 'no data yet\n']);
  const metrics = await get('/metrics');
  assert.deepEqual(
    [metrics.status, metrics.text, metrics.headers['content-type']],
    [200, 'a_metric 1\n', 'text/plain; version=0.0.4'],
  );
  const item = await get('/status/instance');
  assert.deepEqual([item.status, JSON.parse(item.text)], [200, { pod: 'one' }]);
  assert.equal(item.headers['x-powered-by'], undefined);
});

test('what there is not is 404, another method 405', async (t) => {
  const get = await start(t, { report: () => undefined });
  for (const path of ['/', '/nosuch', '/Metrics', '/metrics/', '/status/instance', '/all']) {
    assert.equal((await get(path)).status, 404, path);
  }
  for (const path of ['/livez', '/readyz', '/metrics', '/status/instance']) {
    const refused = await get(path, 'POST');
    assert.deepEqual([refused.status, refused.headers.allow], [405, 'GET, HEAD'], path);
  }
  for (const path of ['/livez', '/metrics']) assert.deepEqual((await get(path, 'HEAD')).text, '', path);
});

test('metrics that cannot be collected, and paths that cannot be read, are errors of one request', async (t) => {
  const get = await start(t, {
    metrics: { contentType: 'text/plain', metrics: () => Promise.reject(new Error('no more')) },
  });
  assert.equal((await get('/metrics')).status, 500);
  assert.ok([400, 404].includes((await get('/%zz')).status));
  assert.equal((await get('/livez')).status, 200);
});
