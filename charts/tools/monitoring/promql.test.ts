import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PromqlError, references } from './promql.ts';

test('metrics, labels of selectors and labels of groupings are found', () => {
  assert.deepEqual(
    references(
      'sum by (le, kind) (rate(a_bucket{x="by (no)",y=~"$z"}[$__rate_interval])) / on (pod) group_left max(b) > bool 0.5e3 and c offset 5m',
    ),
    {
      selectors: [
        { metric: 'a_bucket', labels: ['x', 'y'] },
        { metric: 'b', labels: [] },
        { metric: 'c', labels: [] },
      ],
      groupings: ['le', 'kind', 'pod'],
    },
  );
  assert.deepEqual(references('vector(0) * 1e-3'), { selectors: [], groupings: [] });
});

test('what has no name, or no end, is refused', () => {
  assert.throws(() => references('{job="x"}'), PromqlError);
  assert.throws(() => references('a{b="c"'), PromqlError);
  assert.throws(() => references('sum by (a'), PromqlError);
});
