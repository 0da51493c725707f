import { createServer, type Server, type ServerResponse } from 'node:http';
import { StartupError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { passesHost } from './host.ts';
import { listen } from './listener.ts';
import type { OpsHandler, OpsSources } from './ops-app.ts';
import { sendEmpty, sendText } from './reply.ts';

/** Connections to probes and metrics: kubelet and collectors have a few. */
const MAX_CONNECTIONS = 256;

/**
 * The server of probes and metrics, on a port of its own so that an ingress never publishes them: `/livez` (the process
 * answers), `/readyz` (traffic may come), `/metrics` (Prometheus text), and `/status/instance`: what the pod writes into
 * the status of its RelayProxy, for an operator that hears nothing of the pod. It has no key in it, not even a masked one.
 *
 * Express answers all but the probes. It is loaded for the first such request, as that takes a good part of the start; probes depend on nothing
 * that has to be loaded.
 */
export function createOpsServer(sources: OpsSources): Server {
  const app = onDemand(() => import('./ops-app.ts').then(({ createOpsApp }) => createOpsApp(sources)));
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    if (!passesHost(request, response)) return;
    const probe = PROBES.get(request.url?.split('?', 1)[0] ?? '');
    if (probe === undefined) app(request, response);
    else if (request.method === 'GET' || request.method === 'HEAD') probe(response, sources);
    else sendEmpty(response, 405, ['Allow', 'GET, HEAD']);
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

const PROBES: ReadonlyMap<string, (response: ServerResponse, sources: OpsSources) => void> = new Map([
  ['/livez', (response) => sendText(response, 200, 'ok')],
  [
    '/readyz',
    (response, { readiness }) => {
      const { ready, reason } = readiness();
      sendText(response, ready ? 200 : 503, reason);
    },
  ],
]);

/** A handler that is made when the first request comes. */
function onDemand(make: () => Promise<OpsHandler>): OpsHandler {
  let handler: OpsHandler | undefined;
  let making: Promise<OpsHandler> | undefined;
  return (request, response) => {
    if (handler !== undefined) {
      handler(request, response);
      return;
    }
    making ??= make();
    making.then(
      (made) => {
        handler = made;
        made(request, response);
      },
      (error: unknown) => {
        // The next request tries again.
        making = undefined;
        sendText(response, 500, `internal error: ${String(error)}`);
      },
    );
  };
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
