import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** A bare server; it speaks TLS where the variables TLS_CERT and TLS_KEY name files. */
export function bareServer(listener: RequestListener): Server {
  const { TLS_CERT, TLS_KEY } = process.env;
  if (TLS_CERT === undefined || TLS_KEY === undefined) return createServer(listener);
  return createTlsServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, listener) as unknown as Server;
}
