import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A forward proxy on loopback that writes down what it was asked. */
export interface TestProxy extends AsyncDisposable {
  readonly url: string;
  /** `METHOD target`, in order. */
  readonly seen: readonly string[];
  /** Only this `Proxy-Authorization` is let through from now on; undefined = any. */
  requireAuthorization(value: string | undefined): void;
}

/** Starts a {@link TestProxy}; with `tls` clients talk TLS to the proxy itself. Every target name is taken as 127.0.0.1. */
export async function startTestProxy(tls?: { readonly cert: string; readonly key: string }): Promise<TestProxy> {
  const seen: string[] = [];
  const sockets = new Set<Duplex>();
  let required: string | undefined;
  const allowed = (incoming: IncomingMessage): boolean =>
    required === undefined || incoming.headers['proxy-authorization'] === required;

  const server: Server = tls === undefined ? createServer() : createTlsServer({ cert: tls.cert, key: tls.key });
  server.on('request', (incoming: IncomingMessage, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    if (!allowed(incoming)) {
      response.writeHead(407).end();
      return;
    }
    const target = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const onward = request(
      { host: '127.0.0.1', port: target.port, path: target.pathname + target.search, method: incoming.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming: IncomingMessage, socket: Duplex) => {
    seen.push(`CONNECT ${incoming.url}`);
    if (!allowed(incoming)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const onward = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
    sockets.add(onward);
  });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    requireAuthorization: (value) => {
      required = value;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
