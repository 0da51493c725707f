import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PooledKubeConfig, type PooledKubeConfigOptions } from '../kube-config.ts';

/** A running TCP proxy: TLS and HTTP/2 pass through it untouched. */
export interface TcpProxy {
  /** A copy of the real kubeconfig whose server is the proxy. Its owner closes it. */
  kubeConfig(options?: PooledKubeConfigOptions): PooledKubeConfig;
  /** Connections made so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Connections of now stay open, but no byte passes any more: a peer that vanished. New ones work. */
  freeze(): void;
  /** New connections are accepted, but wait this long, in ms, before bytes pass. */
  delayNew(ms: number): void;
  resetAll(): void;
  close(): Promise<void>;
}

/** Starts a TCP proxy on loopback in front of the API server of a kubeconfig. */
export async function startTcpProxy(upstream: PooledKubeConfig): Promise<TcpProxy> {
  const target = new URL(upstream.getCurrentCluster()?.server ?? '');
  const pairs = new Set<[Socket, Socket]>();
  let accepted = 0;
  let delayMs = 0;
  const server = createServer((client) => {
    accepted += 1;
    client.pause();
    const api = connect({ host: target.hostname, port: Number(target.port || 443) });
    const pair: [Socket, Socket] = [client, api];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined); // its close event says the same
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        api.destroy();
      });
    }
    setTimeout(() => {
      client.pipe(api);
      api.pipe(client);
    }, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    kubeConfig(options) {
      const config = new PooledKubeConfig(options);
      const [cluster, user] = [upstream.getCurrentCluster(), upstream.getCurrentUser()];
      if (!cluster || !user) throw new Error('the upstream kubeconfig has no current context');
      const server = `https://127.0.0.1:${port}`;
      config.loadFromClusterAndUser({ ...cluster, server }, user);
      return config;
    },
    get accepted() {
      return accepted;
    },
    get open() {
      return pairs.size;
    },
    freeze() {
      for (const [client, api] of pairs) {
        client.unpipe(api);
        api.unpipe(client);
        client.pause();
        api.pause();
      }
    },
    delayNew(ms) {
      delayMs = ms;
    },
    resetAll() {
      for (const [client] of pairs) client.resetAndDestroy();
    },
    async close() {
      for (const [client, api] of pairs) {
        client.destroy();
        api.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
