import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { report } from '../testing/test-snapshot.ts';
import { createAskPod, type PollTarget } from './ask-pod.ts';

let answer: { status: number; body: string | undefined };
const asked: (string | undefined)[] = [];
const server = createServer((request, response) => {
  asked.push(request.url);
  if (answer.body === undefined) return;
  response.statusCode = answer.status;
  response.end(answer.body);
});
let target: PollTarget;
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = { name: 'pod-a', uid: 'uid-pod-a', address: '127.0.0.1', port: (server.address() as AddressInfo).port };
});
after(() => {
  server.closeAllConnections();
  server.close();
});

test('the answer is the item, without times that only a writer sets', async () => {
  const item = report('a', { unhealthy: [{ name: 'production', state: 'OFF' }] });
  answer = { status: 200, body: JSON.stringify({ ...item, polledTime: 'x', unknown: 1 }) };
  assert.deepEqual(await createAskPod()(target), { result: 'answered', item });
  assert.deepEqual(asked, ['/status/instance']);
});

const bad: [what: string, status: number, body: string | undefined, result: string, problem: RegExp][] = [
  ['no report', 200, '{"name":"pod-a","ready":"yes"}', 'invalid', /no report/],
  ['no JSON', 200, '<html>', 'invalid', /not JSON/],
  ['an answer without end', 200, 'x'.repeat(200_000), 'invalid', /without end/],
  ['another pod', 200, JSON.stringify(report('b')), 'invalid', /another pod/],
  ['an older relay', 404, '404 page not found', 'refused', /HTTP 404/],
  ['no answer', 200, undefined, 'timeout', /in time/],
];

for (const [what, status, body, result, problem] of bad) {
  test(`${what}: ${result}`, async () => {
    answer = { status, body };
    const found = await createAskPod(300)(target);
    assert.equal(found.result, result);
    assert.match(found.result === 'answered' ? '' : found.problem, problem);
  });
}

test('a port that nobody listens on is unreachable', async () => {
  const found = await createAskPod()({ ...target, port: 1 });
  assert.deepEqual(found, { result: 'unreachable', problem: 'cannot be reached (ECONNREFUSED)' });
});
