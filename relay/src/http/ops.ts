import { createServer, type Server } from 'node:http';
import { StartupError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { passesHost } from './host.ts';
import { listen } from './listener.ts';
import { sendJson, sendNotFound, sendText } from './reply.ts';
import { createRouter } from './router.ts';

/** Connections to probes and metrics: kubelet and collectors have a few. */
const MAX_CONNECTIONS = 256;

/** What the ops listener shows. */
export interface OpsSources {
  /** Whether traffic may come, and why not; no credential in it. */
  readiness(): { readonly ready: boolean; readonly reason: string };
  readonly metrics: MetricsText;
  /** The pod's item of `status.instances` as it is now; undefined where the relay does not report into a cluster. */
  report(): object | undefined;
}

/** Metrics in Prometheus' text format: a registry, or several put together. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/**
 * The server of probes and metrics, on a port of its own so that an ingress never publishes them: `/livez` (the process
 * answers), `/readyz` (traffic may come), `/metrics` (Prometheus text), and `/status/instance`: what the pod writes into
 * the status of its RelayProxy, for an operator that hears nothing of the pod. It has no key in it, not even a masked one.
 */
export function createOpsServer(sources: OpsSources): Server {
  const router = createRouter(
    [
      { method: 'GET', path: '/livez', name: 'livez', handler: (_request, response) => sendText(response, 200, 'ok') },
      {
        method: 'GET',
        path: '/readyz',
        name: 'readyz',
        handler: (_request, response) => {
          const { ready, reason } = sources.readiness();
          sendText(response, ready ? 200 : 503, reason);
        },
      },
      {
        method: 'GET',
        path: '/metrics',
        name: 'metrics',
        handler: (_request, response) => {
          sources.metrics.metrics().then(
            (text) => {
              response.writeHead(200, ['Content-Type', sources.metrics.contentType]);
              response.end(text);
            },
            (error: unknown) => sendText(response, 500, `metrics cannot be collected: ${String(error)}`),
          );
        },
      },
      {
        method: 'GET',
        path: '/status/instance',
        name: 'instance',
        handler: (_request, response) => {
          const item = sources.report();
          if (item === undefined) sendNotFound(response);
          else sendJson(response, 200, JSON.stringify(item));
        },
      },
    ],
    { unknown: (_request, response) => sendNotFound(response) },
  );
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    if (passesHost(request, response)) router.dispatch(request, response);
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

/**
 * Starts the ops listener. Undefined, with a warning, when its port cannot be used and nobody asked for it.
 * @throws {StartupError} when the port was asked for and cannot be used
 */
export async function listenOps(
  ops: Server,
  { port, required }: { readonly port: number; readonly required: boolean },
  logger: Logger,
): Promise<number | undefined> {
  try {
    return await listen(ops, port, 'ops listener');
  } catch (error) {
    if (required || !(error instanceof StartupError)) throw error;
    logger.warn('no probes and metrics: the ops port cannot be used', { port, error: error.message });
    return undefined;
  }
}
