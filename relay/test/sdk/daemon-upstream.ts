import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A change of a big segment's membership, by hashed context keys (contract 5.4). */
export interface BigPatch {
  readonly version: string;
  readonly previousVersion: string;
  readonly segmentId: string;
  readonly changes: { readonly included: object; readonly excluded: object };
}

/** A stand-in for LaunchDarkly that has big segments: the flag stream, and the patches by poll and by stream. */
export interface DaemonUpstream extends AsyncDisposable {
  readonly url: string;
}

/** Serves one data set and one list of patches to whoever asks. */
export async function startDaemonUpstream(data: object, patches: readonly BigPatch[]): Promise<DaemonUpstream> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://upstream');
    if (url.pathname === '/sdk/big-segments/revisions') {
      const after = url.searchParams.get('after') ?? '';
      const from = after === '' ? 0 : patches.findIndex(({ version }) => version === after) + 1;
      response.end(JSON.stringify(patches.slice(from)));
      return;
    }
    if (url.pathname !== '/all' && url.pathname !== '/big-segments') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    if (url.pathname === '/all') response.write(`event: put\ndata: ${JSON.stringify({ path: '/', data })}\n\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
