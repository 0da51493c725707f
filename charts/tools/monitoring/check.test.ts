import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChecker, labelsInText } from './check.ts';
import { operatorMetrics, relayMetrics } from './known-metrics.ts';

const checker = createChecker([...(await relayMetrics()), ...(await operatorMetrics())]);

test('metrics of relay, operator, runtime and Node are known with their labels', () => {
  for (const expression of [
    'sum by (environment) (flagrelay_environment_connected{namespace="a",pod="b"})',
    'histogram_quantile(0.9, sum by (le, route) (rate(flagrelay_http_request_duration_seconds_bucket[5m])))',
    'rate(flagrelay_propagation_seconds_sum[5m]) / rate(flagrelay_propagation_seconds_count[5m])',
    'flagrelay_relayproxy_ready_replicas{name="a"}',
    'workqueue_depth{controller="relayproxy"}',
    'nodejs_eventloop_lag_p99_seconds + process_resident_memory_bytes',
  ]) {
    assert.deepEqual(checker.problems(expression), [], expression);
  }
});

test('what the code does not register is a mistake', () => {
  for (const [expression, problem] of [
    ['flagrelay_streem', /there is no metric flagrelay_streem/],
    ['flagrelay_streams_bucket', /no metric flagrelay_streams_bucket/],
    ['flagrelay_propagation_seconds', /no metric flagrelay_propagation_seconds/],
    ['flagrelay_streams{env="a"}', /flagrelay_streams has no label env/],
    ['sum by (route) (flagrelay_streams)', /no metric in it has the label route/],
    ['vector(1)', /there is no metric in it/],
  ] as const) {
    assert.match(checker.problems(expression).join('\n'), problem);
  }
  assert.match(checker.problems('sum(flagrelay_streams)', ['kind']).join(), /results have no label kind/);
});

test('labels in texts are found in both spellings', () => {
  assert.deepEqual(labelsInText('{{ $labels.pod }} {{kind}} {{ $value | humanize }}'), ['pod', 'kind']);
});
