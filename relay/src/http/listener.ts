import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { StartupError } from '../errors.ts';
import { type ListenerTls, readCertificate } from './certificate.ts';
import { answerClientErrors } from './client-error.ts';
import { RelayResponse } from './response.ts';

/** Headers of one request, at most; ld-relay counts only their bytes. Node's own limit is 1,000 and answers 431 too. */
const MAX_HEADERS = 10_000;
/** A head must be complete after this, in ms (contract 1.1). */
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request must be there after this, in ms. */
const REQUEST_TIMEOUT_MS = 70_000;
/** How long an idle connection is kept for the next request, in ms: longer than load balancers keep theirs. */
const KEEP_ALIVE_MS = 75_000;
/** A TLS handshake must be complete after this, in ms. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Peers that vanished are noticed by TCP after about this, in ms. */
const TCP_KEEP_ALIVE_MS = 60_000;

/** `optimizeEmptyRequests` and `shouldUpgradeCallback` are newer than the type definitions. */
const OPTIONS: Record<string, unknown> = {
  ServerResponse: RelayResponse,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: KEEP_ALIVE_MS,
  keepAlive: true,
  keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
  noDelay: true,
  // Requests without a body skip the machinery for reading one.
  optimizeEmptyRequests: true,
  // No client of a relay upgrades; the `upgrade` event is used to let streams go (see `takeover.ts`).
  shouldUpgradeCallback: () => false,
};

/**
 * Makes the HTTP server that SDKs talk to; it does not listen yet.
 * @param maxHeaderBytes request line and headers up to this; 431 above (contract 1.1)
 * @throws {StartupError} when a TLS file cannot be read or used
 */
export function createSdkServer(tls: ListenerTls | undefined, maxHeaderBytes: number): Server {
  const server = newServer(tls, { ...OPTIONS, maxHeaderSize: maxHeaderBytes } as unknown as ServerOptions);
  server.maxHeadersCount = MAX_HEADERS;
  answerClientErrors(server);
  return server;
}

function newServer(tls: ListenerTls | undefined, options: ServerOptions): Server {
  if (tls === undefined) return createServer(options) as Server;
  return createTlsServer({
    ...options,
    ...readCertificate(tls),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  }) as unknown as Server;
}

/**
 * Starts listening on all interfaces.
 * @param shared other processes may listen on the same port; the kernel gives each its share of the connections
 * @returns the port, which differs from the one asked for when that was 0
 * @throws {StartupError} when the port cannot be used
 */
export function listen(server: Server, port: number, what: string, shared = false): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'it is in use' : error.message;
      reject(new StartupError(`cannot listen on port ${port} (${what}): ${reason}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ port, backlog: 4096, reusePort: shared }, () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Running requests get this long when a server is closed without a drain, in ms. */
const CLOSE_GRACE_MS = 500;

/** Stops listening and closes connections: idle ones at once, the others after a moment. Resolves when all are gone. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) {
      resolve();
      return;
    }
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
