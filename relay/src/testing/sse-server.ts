import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request to a {@link TestSseServer}, answered by hand. */
export interface TestStream {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Opens the stream, if it is not open, and sends one event. */
  event(name: string, data: unknown): void;
  /** Opens the stream, if it is not open, and sends bytes. */
  send(bytes: string | Uint8Array): void;
  /** Cuts the connection. */
  cut(): void;
}

/** A server on loopback that hands each request to the test. */
export interface TestSseServer extends AsyncDisposable {
  readonly url: string;
  /** The next request that has not been taken yet, in order of arrival. */
  next(): Promise<TestStream>;
  /** Requests so far. */
  readonly count: number;
}

/** Starts a {@link TestSseServer}. Dispose it to cut all connections. */
export async function startSseServer(): Promise<TestSseServer> {
  const waiting: ((stream: TestStream) => void)[] = [];
  const arrived: TestStream[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    const send = (bytes: string | Uint8Array): void => {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(bytes);
    };
    const stream: TestStream = {
      request,
      response,
      send,
      event: (name, data) =>
        send(`event: ${name}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`),
      cut: () => request.socket.destroy(),
    };
    const taker = waiting.shift();
    if (taker) taker(stream);
    else arrived.push(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next() {
      const stream = arrived.shift();
      return stream ? Promise.resolve(stream) : new Promise((resolve) => waiting.push(resolve));
    },
    get count() {
      return count;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
