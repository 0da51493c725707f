import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMetrics, sum, sumBy } from './metrics-text.ts';

const page = `# HELP requests Requests.
# TYPE requests counter
requests{verb="get",host="a \\"b\\""} 2
requests{verb="apply",host="c"} 3.5
requests{verb="get",host="c"} 1e2
process_open_fds 12
`;

test('a metrics page is read with labels, and summed over them', () => {
  const series = parseMetrics(page);
  assert.deepEqual(series[0], { name: 'requests', labels: { verb: 'get', host: 'a \\"b\\"' }, value: 2 });
  assert.deepEqual(
    [...sumBy(series, 'requests', 'verb')],
    [
      ['get', 102],
      ['apply', 3.5],
    ],
  );
  assert.equal(sum(series, 'process_open_fds'), 12);
  assert.equal(sum(series, 'absent'), 0);
});
