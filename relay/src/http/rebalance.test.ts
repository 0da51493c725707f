import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordingLogger } from '../testing/logger.ts';
import { followShedFile } from './rebalance.ts';

const POLL_MS = 10;

/** A hub that only remembers; `next` resolves with the next order that reaches it. */
function recordingHub() {
  const orders: { share: number; overMs: number; signal: AbortSignal }[] = [];
  let wake = (): void => undefined;
  return {
    orders,
    next: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
    hub: {
      size: 10,
      shed: async (share: number, overMs: number, signal: AbortSignal) => {
        orders.push({ share, overMs, signal });
        wake();
        return 0;
      },
    },
  };
}

test('an order is followed once, a newer one takes its place, one from before the start is not followed', {
  timeout: 20_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-shed-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'shed');
  const write = (id: string, share: number | string) =>
    writeFileSync(path, JSON.stringify({ id, share, overMs: 1000 }));
  const { hub, orders, next } = recordingHub();
  const logger = recordingLogger();

  write('before', 0.1);
  const rebalancing = followShedFile({ path, hub, logger, pollMs: POLL_MS });
  let ordered = next();
  write('first', 0.2);
  await ordered;
  ordered = next();
  write('second', 0.3);
  await ordered;
  assert.deepEqual(
    orders.map(({ share, signal }) => [share, signal.aborted]),
    [
      [0.2, true],
      [0.3, false],
    ],
  );

  ordered = next();
  write('wrong', 'all');
  const warned = Promise.withResolvers<void>();
  const looking = setInterval(
    () => logger.lines.some((line) => JSON.stringify(line).includes('not understood')) && warned.resolve(),
    POLL_MS,
  );
  await warned.promise;
  clearInterval(looking);
  write('third', 0.4);
  await ordered;
  rebalancing.close();
  assert.equal(orders.length, 3);
  assert.ok(orders[2]?.signal.aborted, 'nothing is closed any more');
});
