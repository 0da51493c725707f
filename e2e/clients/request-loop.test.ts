import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type LoopTotals, startRequestLoop } from './request-loop.ts';

test('a request that is refused is told with the start of its answer, who gave it and over which port', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(503, { 'Retry-After': '10' });
    response.end(`{"message":"not yet"}${'x'.repeat(1_000)}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const failed = await new Promise<LoopTotals>((resolve) => {
    const loop = startRequestLoop({ url, sdkKey: 'sdk', rate: 20, retryMs: 0 }, (totals) => {
      if (totals.failed > 0) resolve(totals);
    });
    t.after(() => {
      loop.stop();
      server.close();
    });
  });
  const [error = ''] = failed.errors;
  assert.match(
    error,
    /status 503 from 127\.0\.0\.1 to port \d+, Retry-After 10, body "\{\\"message\\":\\"not yet\\"\}x+"$/,
  );
  assert.ok(error.length < 400, 'only its start');
});
