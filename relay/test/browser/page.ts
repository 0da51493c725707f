import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';

/** Script of the page: makes SDK clients for the test, which sees them as `window.clients`. */
const SCRIPT = `
  import { createClient } from '@launchdarkly/js-client-sdk';
  window.clients = new Map();
  window.startClient = async (name, envId, context, options) => {
    const client = createClient(envId, context, options);
    window.clients.set(name, client);
    return client.start({ timeout: 30 });
  };
`;

/** A web site with one page that has the SDK. */
export interface Site extends AsyncDisposable {
  readonly origin: string;
}

/** Serves the page on a loopback port: for the browser an origin other than the relay's. */
export async function startSite(): Promise<Site> {
  const bundle = await build({
    stdin: { contents: SCRIPT, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
  });
  const script = bundle.outputFiles[0]!.contents;
  const server = createServer((request, response) => {
    if (request.url === '/script.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script);
    else
      response
        .writeHead(200, { 'Content-Type': 'text/html' })
        .end('<!doctype html><title>page</title><script src="/script.js"></script>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
