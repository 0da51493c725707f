import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import type { HealthCheck } from './health.ts';
import { startProbes } from './probes.ts';
import { recordingLogger, testMetrics } from './testing/fixtures.ts';

async function serve(t: TestContext, checks: { live?: HealthCheck; ready?: HealthCheck }, registry = new Registry()) {
  const probes = await startProbes({
    host: '127.0.0.1',
    port: 0,
    liveness: new Map(Object.entries(checks.live ? { ping: checks.live } : {})),
    readiness: new Map(Object.entries(checks.ready ? { caches: checks.ready } : {})),
    registry,
    logger: recordingLogger(),
  });
  t.after(() => probes.close());
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${probes.address.port}${path}`, init);
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
  };
}

describe('probes', () => {
  it('answer 200 while checks pass, with their names when asked', async (t) => {
    const get = await serve(t, { live: () => undefined, ready: async () => undefined });
    assert.deepEqual(await get('/livez'), { status: 200, text: 'ok\n', type: 'text/plain; charset=utf-8' });
    assert.equal((await get('/readyz?verbose')).text, '[+]caches ok\nok\n');
    assert.equal((await get('/healthz')).status, 200);
  });

  it('answer 503 with the reason when a check fails', async (t) => {
    const ready = () => {
      throw new Error('not filled yet: deployments');
    };
    const get = await serve(t, { ready });
    const { status, text } = await get('/readyz');
    assert.equal(status, 503);
    assert.equal(text, '[-]caches failed: not filled yet: deployments\nfailed\n');
    assert.equal((await get('/livez')).status, 200);
  });

  it('count a check that hangs as failed', async (t) => {
    const get = await serve(t, { live: () => new Promise(() => undefined) });
    const { status, text } = await get('/livez');
    assert.equal(status, 503);
    assert.match(text, /no answer within 900 ms/);
  });

  it('show no credential of a failing check', async (t) => {
    const get = await serve(t, { live: () => Promise.reject(new Error('redis://u:hunter2@host')) });
    assert.doesNotMatch((await get('/livez')).text, /hunter2/);
  });

  it('serve metrics, and nothing else', async (t) => {
    const metrics = testMetrics();
    metrics.leader.status.set({ name: 'x' }, 1);
    const get = await serve(t, {}, metrics.registry);
    const { text, type } = await get('/metrics');
    assert.match(text, /leader_election_master_status\{name="x"\} 1/);
    assert.match(type ?? '', /version=0\.0\.4/);
    assert.equal((await get('/other')).status, 404);
    assert.equal((await get('/livez', { method: 'POST' })).status, 405);
  });

  it('reject when the port is taken', async (t) => {
    const options = { host: '127.0.0.1', liveness: new Map(), readiness: new Map(), registry: new Registry() };
    const first = await startProbes({ ...options, port: 0, logger: recordingLogger() });
    t.after(() => first.close());
    const second = startProbes({ ...options, port: first.address.port, logger: recordingLogger() });
    await assert.rejects(second, { code: 'EADDRINUSE' });
  });
});
