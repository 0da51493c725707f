import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics, METRICS } from './metrics.ts';

const NOTHING = {
  environments: () => [],
  ready: () => false,
  config: { held: () => [], absences: { states: () => [{ input: 'config', missing: false }] } },
};

test('counts and times come out as Prometheus text', async () => {
  const metrics = createMetrics(NOTHING);
  const route = metrics.requests.route('sdk_evalx');
  route.record(200, 0.3);
  route.record(200, 30);
  route.record(503, 9_000);
  const text = await metrics.registry.metrics();
  for (const line of [
    'flagrelay_http_requests_total{route="sdk_evalx",status="200"} 2',
    'flagrelay_http_requests_total{route="sdk_evalx",status="503"} 1',
    'flagrelay_http_request_duration_seconds_bucket{le="0.0005",route="sdk_evalx"} 1',
    'flagrelay_http_request_duration_seconds_bucket{le="0.05",route="sdk_evalx"} 2',
    'flagrelay_http_request_duration_seconds_bucket{le="5",route="sdk_evalx"} 2',
    'flagrelay_http_request_duration_seconds_bucket{le="+Inf",route="sdk_evalx"} 3',
    'flagrelay_http_request_duration_seconds_count{route="sdk_evalx"} 3',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  assert.match(text, /# TYPE flagrelay_http_request_duration_seconds histogram/);
});

test('every metric of the table is there, and nothing of ours beside it', async () => {
  const text = await createMetrics({
    ...NOTHING,
    active: () => true,
    refused: () => [],
    evaluationCache: () => ({ bytes: 0, hits: 0, misses: 0 }),
    connections: () => 0,
    firstPayloads: () => ({ held: 0, waiting: 0 }),
    memory: () => ({ bodies: { used: 0, limit: 0 } }),
    memoryRefused: () => ({ bodies: 0 }),
    refusedItems: () => ({ flags: 0, segments: 0 }),
    largeEvaluations: () => 0,
  }).registry.metrics();
  const printed = new Set(
    [...text.matchAll(/^# TYPE (flagrelay_\S+) (\S+)$/gm)].map((match) => `${match[1]} ${match[2]}`),
  );
  // With several workers the primary process has these.
  const { workers: _workers, workerRestarts: _restarts, ...here } = METRICS;
  const listed = new Set(Object.values(here).map(({ name, type }) => `${name} ${type}`));
  assert.deepEqual(printed, listed);
});
