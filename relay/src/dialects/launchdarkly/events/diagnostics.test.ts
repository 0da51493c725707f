import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { SharedBytes } from '../../../memory/shared-bytes.ts';
import { eventually } from '../../../testing/eventually.ts';
import { SILENT } from '../../../testing/relay.ts';
import { createDiagnosticsProxy } from './diagnostics.ts';
import type { EventPost, SendResult } from './sender.ts';
import type { DropReason } from './types.ts';

/** A proxy whose sender answers when the test says so. */
function start(bytes = 10_000_000) {
  const posts: { post: EventPost; settle: PromiseWithResolvers<SendResult> }[] = [];
  const dropped: DropReason[] = [];
  const memory = new SharedBytes(bytes);
  const send = (post: EventPost) => {
    const settle = Promise.withResolvers<SendResult>();
    posts.push({ post, settle });
    return settle.promise;
  };
  const metrics = { diagnosticDropped: (reason: DropReason) => void dropped.push(reason) };
  const deps = { sender: { send, sendOnce: send }, share: memory.share(), metrics, logger: SILENT };
  const sent = (count: number) => eventually(() => assert.equal(posts.length, count));
  return { proxy: createDiagnosticsProxy('http://events/base', deps), posts, sent, dropped, memory };
}

const POST = { path: '/diagnostic', headers: { authorization: 'x' }, body: Buffer.from('{}') };
const ACCEPTED = { outcome: 'accepted', status: 202 } as const;

test('a diagnostic event goes out as it came; what upstream does not take is counted (contract 5.3)', async () => {
  const { proxy, posts, sent, dropped, memory } = start();
  const ending = new AbortController();
  for (let n = 0; n < 4; n++) assert.equal(proxy.pass(POST, ending.signal), true);
  await sent(4);
  const { url, headers, gzip } = posts[0]!.post;
  assert.deepEqual([url, headers], ['http://events/base/diagnostic', POST.headers]);
  assert.equal(gunzipSync(gzip).toString(), '{}');
  posts[0]?.settle.resolve(ACCEPTED);
  posts[1]?.settle.resolve({ outcome: 'refused', status: 401 });
  posts[2]?.settle.reject(new Error('a mistake'));
  await eventually(() => assert.deepEqual(dropped.toSorted(), ['failed', 'refused']));
  ending.abort();
  posts[3]?.settle.resolve({ outcome: 'failed' });
  await eventually(() => assert.equal(dropped.at(-1), 'shutdown'));
  assert.equal(memory.used, 0);
});

test('only so many are on their way, the others wait for them', async () => {
  const { proxy, posts, sent, dropped } = start();
  const { signal } = new AbortController();
  for (let n = 0; n < 25; n++) assert.equal(proxy.pass(POST, signal), true);
  await sent(20);
  posts[0]?.settle.resolve(ACCEPTED);
  await sent(21);
  for (const { settle } of posts) settle.resolve(ACCEPTED);
  await sent(25);
  assert.deepEqual(dropped, []);
});

test('there is no more of them than there is memory for, however large body and headers are', () => {
  const { proxy, memory } = start(1_000_000);
  const { signal } = new AbortController();
  const post = { ...POST, headers: { 'user-agent': 'u'.repeat(50_000) }, body: Buffer.allocUnsafeSlow(100_000) };
  let passed = 0;
  while (proxy.pass(post, signal)) passed += 1;
  assert.equal(passed, 2);
  assert.ok(memory.used <= 500_000);
});
