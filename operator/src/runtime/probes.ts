import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { type HealthCheck, runChecks } from './health.ts';
import { type Logger, redactText } from './logger.ts';

/** What the probe listener serves. */
export interface ProbeOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly liveness: ReadonlyMap<string, HealthCheck>;
  readonly readiness: ReadonlyMap<string, HealthCheck>;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** A listening probe server. */
export interface ProbeServer {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/**
 * Serves `/livez`, `/healthz` (the same), `/readyz` and `/metrics` over plain HTTP. A failing check makes 503 with one line a
 * check; `?verbose` prints these lines on success too. Rejects when the port cannot be had.
 */
export async function startProbes(options: ProbeOptions): Promise<ProbeServer> {
  const { host, port, logger } = options;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      logger.error('Probe request failed', { error });
      response.destroy();
    });
  });
  server.maxConnections = 256;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  logger.info('Probes listen', { host, port: address.port });
  return {
    address: { host, port: address.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://probe');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response.setHeader('Allow', 'GET, HEAD'), 405, 'method must be GET or HEAD\n');
    return;
  }
  switch (url.pathname) {
    case '/livez':
    case '/healthz':
      return sendReport(response, options.liveness, url);
    case '/readyz':
      return sendReport(response, options.readiness, url);
    case '/metrics':
      send(response, 200, await options.registry.metrics(), options.registry.contentType);
      return;
    default:
      send(response, 404, 'not found: /livez, /readyz and /metrics are here\n');
  }
}

async function sendReport(response: ServerResponse, checks: ReadonlyMap<string, HealthCheck>, url: URL): Promise<void> {
  const { healthy, lines } = await runChecks(checks);
  const details = healthy && !url.searchParams.has('verbose') ? [] : lines;
  send(response, healthy ? 200 : 503, redactText([...details, healthy ? 'ok' : 'failed', ''].join('\n')));
}

function send(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
}
