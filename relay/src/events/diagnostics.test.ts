import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SILENT } from '../testing/relay.ts';
import { createDiagnosticsProxy } from './diagnostics.ts';
import type { EventPost, SendResult } from './sender.ts';
import type { DropReason } from './types.ts';

/** A proxy whose sender answers when the test says so. */
function start() {
  const posts: { post: EventPost; settle: PromiseWithResolvers<SendResult> }[] = [];
  const dropped: DropReason[] = [];
  const sender = {
    send(post: EventPost) {
      const settle = Promise.withResolvers<SendResult>();
      posts.push({ post, settle });
      return settle.promise;
    },
  };
  const metrics = { diagnosticDropped: (reason: DropReason) => void dropped.push(reason) };
  return { proxy: createDiagnosticsProxy('http://events/base', { sender, metrics, logger: SILENT }), posts, dropped };
}

const POST = { path: '/diagnostic', headers: { authorization: 'x' }, body: Buffer.from('{}') };
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a diagnostic event goes out as it came; what upstream does not take is counted (contract 5.3)', async () => {
  const { proxy, posts, dropped } = start();
  const ending = new AbortController();
  for (let n = 0; n < 4; n++) proxy.pass(POST, ending.signal);
  const { headers, body } = POST;
  assert.deepEqual(posts[0]?.post, { url: 'http://events/base/diagnostic', headers, body });
  posts[0]?.settle.resolve({ outcome: 'accepted', status: 202 });
  posts[1]?.settle.resolve({ outcome: 'refused', status: 401 });
  posts[2]?.settle.reject(new Error('a mistake'));
  await settled();
  assert.deepEqual(dropped.toSorted(), ['failed', 'refused']);
  ending.abort();
  posts[3]?.settle.resolve({ outcome: 'failed' });
  await settled();
  assert.equal(dropped.at(-1), 'shutdown');
});

test('only so many are on their way; those beyond are counted, and the places become free again', async () => {
  const { proxy, posts, dropped } = start();
  const { signal } = new AbortController();
  for (let n = 0; n < 25; n++) proxy.pass(POST, signal);
  assert.equal(posts.length, 20);
  assert.deepEqual(dropped, Array(5).fill('capacity'));
  posts[0]?.settle.resolve({ outcome: 'accepted', status: 202 });
  await settled();
  proxy.pass(POST, signal);
  assert.equal(posts.length, 21);
});
