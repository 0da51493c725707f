import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { brokenBytes } from './broken.ts';
import { pipeline, sendRaw, stall } from './connection.ts';
import { upstreamFrame } from './frames.ts';
import { createRandom } from './random.ts';
import { type FuzzRequest, nextRequest } from './requests.ts';
import { FUZZ_KEYS, SILENT_KEY, type Stage, startStage } from './stage.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 100_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const CONNECTIONS = 6;
const BATCH = 80;
/** More than what caches and queues may hold; a leak of 1 KB per request would be 90 MB. */
const GROWTH_BYTES = 40e6;

const authorized = { headers: { Authorization: FUZZ_KEYS.sdk } };

async function untilServed(stage: Stage): Promise<void> {
  await eventually(async () => {
    const answer = await ask(stage.port, '/sdk/flags', authorized);
    if (answer.status !== 200) throw new Error(`the relay answers ${answer.status}`);
  }, 60_000);
}

function assertAllowed(status: number, request: string, seed: number): void {
  const allowed = status === 100 || (status >= 200 && status < 500) || status === 503;
  assert.ok(allowed, `${status} (seed ${seed}) for:\n${request.slice(0, 3000)}`);
}

test(`${REQUESTS} mutated requests, FUZZ_SEED=${SEED}: nothing breaks, nothing grows`, {
  timeout: 600_000,
}, async (t) => {
  await using stage = await startStage();
  await untilServed(stage);
  const slow = await Promise.all([
    stall(stage.port, 'GET /status HTTP/1.1\r\nHost: rel'),
    stall(
      stage.port,
      `POST /bulk HTTP/1.1\r\nHost: x\r\nAuthorization: ${FUZZ_KEYS.sdk}\r\nContent-Length: 9\r\n\r\n[`,
    ),
    stall(
      stage.port,
      `POST /bulk HTTP/1.1\r\nHost: x\r\nAuthorization: ${FUZZ_KEYS.sdk}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[`,
    ),
  ]);
  const statuses = new Map<number, number>();
  let sent = 0;

  async function sendAll(requests: readonly FuzzRequest[], seed: number): Promise<void> {
    let rest = requests;
    while (rest.length > 0) {
      const answered = await pipeline(stage.port, rest, (status, request) => {
        assertAllowed(status, request.head, seed);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      });
      const failed = `closed without an answer (seed ${seed}):\n${rest[0]?.head.slice(0, 3000)}`;
      assert.ok(answered > 0, `${failed}\n${stage.failures().join('\n')}`);
      rest = rest.slice(answered);
    }
  }

  async function batch(seed: number): Promise<void> {
    const random = createRandom(seed);
    const requests = Array.from({ length: BATCH }, () => nextRequest(random, FUZZ_KEYS));
    await sendAll(
      requests.filter(({ mayStream }) => !mayStream),
      seed,
    );
    for (const request of requests) if (request.mayStream) await sendAll([request], seed);
    const broken = brokenBytes(random, FUZZ_KEYS);
    const status = await sendRaw(stage.port, broken);
    if (status !== undefined) assertAllowed(status, JSON.stringify(broken.toString('latin1')), seed);
    stage.upstream.raw(FUZZ_KEYS.sdk, upstreamFrame(random, seed % 2 ** 20));
  }

  async function run(total: number): Promise<void> {
    const worker = async (): Promise<void> => {
      while (sent < total) {
        sent += BATCH + 1;
        await batch(SEED + sent);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  }

  await run(REQUESTS / 10);
  const before = await stage.heapBytes();
  await run(REQUESTS);
  for (const socket of slow) socket.destroy();
  await untilServed(stage);
  assert.equal((await ask(stage.port, '/sdk/flags', { headers: { Authorization: SILENT_KEY } })).status, 503);
  const after = await stage.heapBytes();
  t.diagnostic(
    `${sent} requests; statuses ${JSON.stringify(Object.fromEntries(statuses))}; heap ${Math.round(before / 1e6)} -> ${Math.round(after / 1e6)} MB`,
  );
  assert.deepEqual(stage.failures(), []);
  assert.ok(after < before + GROWTH_BYTES, `the heap grew from ${before} to ${after} bytes`);
});
