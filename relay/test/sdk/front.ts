import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** One connection through a {@link Front}. */
export interface Exchange {
  /** What the client sent so far. */
  readonly request: () => string;
  /** What the relay answered so far. */
  readonly response: () => string;
}

/** A load balancer with one relay behind it, which can be exchanged for another one. It shows what passed. */
export interface Front {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Where connections go from now on; open ones are cut. */
  moveTo(port: number): void;
  close(): Promise<void>;
}

/** Starts a {@link Front} on a free loopback port. */
export async function startFront(port: number): Promise<Front> {
  let target = port;
  const sockets = new Set<Socket>();
  const exchanges: Exchange[] = [];
  const server = createServer((client) => {
    const relay = connect(target, '127.0.0.1');
    let request = '';
    let response = '';
    client.on('data', (bytes) => {
      request += bytes.toString('latin1');
    });
    relay.on('data', (bytes) => {
      response += bytes.toString('latin1');
    });
    exchanges.push({ request: () => request, response: () => response });
    for (const [from, to] of [
      [client, relay],
      [relay, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    moveTo(next) {
      target = next;
      cut();
    },
    close() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
