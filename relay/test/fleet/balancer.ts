import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** One address with several relays behind it. Connections go round; a relay that refuses is passed over. */
export interface Balancer extends AsyncDisposable {
  readonly url: string;
  /** Ports of the relays that are ready. */
  readonly ready: Set<number>;
}

/** Starts a {@link Balancer} on a free loopback port. */
export async function startBalancer(): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const ready = new Set<number>();
  let turn = 0;
  const join = (client: Socket, left: number): void => {
    if (left === 0 || client.destroyed) {
      client.destroy();
      return;
    }
    turn += 1;
    const relay = connect([...ready][turn % ready.size] ?? 0, '127.0.0.1');
    const refused = () => join(client, left - 1);
    relay.once('error', refused);
    relay.once('connect', () => {
      relay.off('error', refused);
      sockets.add(relay);
      relay.on('error', () => client.destroy());
      relay.on('close', () => {
        sockets.delete(relay);
        client.destroy();
      });
      client.on('close', () => relay.destroy());
      client.pipe(relay);
      relay.pipe(client);
    });
  };
  const server = createServer({ pauseOnConnect: false }, (client) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => sockets.delete(client));
    join(client, ready.size);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ready,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
