import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import type { TestCa } from './certificates.ts';
import { eventually } from './eventually.ts';

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real `redis-server` (or one that is a Sentinel) on a loopback port, without persistence. */
export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  /** Without credentials; `rediss` when TLS is on. */
  readonly url: string;
  /** A client for the test's own look into the server. */
  readonly client: Redis;
  /** Ends the process at once; its data are gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Stops it from running: connections stay open and nothing is answered. */
  freeze(): void;
  thaw(): void;
}

/** Options of {@link startRedis}. */
export interface TestRedisOptions {
  /** Lines of redis.conf. */
  readonly config?: readonly string[];
  readonly tls?: TestCa;
  /** How the test's own client connects. */
  readonly client?: Omit<RedisOptions, 'replyMapping'>;
  /** A Sentinel, which Debian has in a package of its own: the program is the same. */
  readonly sentinel?: boolean;
}

/** Starts a server and waits until it answers. Dispose it to end it. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { config = [], tls, sentinel = false } = options;
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-redis-'));
  const file = join(directory, 'redis.conf');
  const listen =
    tls === undefined
      ? [`port ${port}`]
      : [
          'port 0',
          `tls-port ${port}`,
          `tls-cert-file ${tls.server.certFile}`,
          `tls-key-file ${tls.server.keyFile}`,
          `tls-ca-cert-file ${tls.caFile}`,
        ];
  const storage = sentinel ? [] : ['save ""', 'appendonly no'];
  writeFileSync(file, [...listen, 'bind 127.0.0.1', `dir ${directory}`, ...storage, ...config, ''].join('\n'));
  const client = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    retryStrategy: () => 20,
    ...(tls === undefined ? {} : { tls: { ca: tls.ca, cert: tls.client.cert, key: tls.client.key } }),
    ...options.client,
  });
  client.on('error', () => undefined);
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const starting = spawn('redis-server', [file, ...(sentinel ? ['--sentinel'] : [])], { stdio: 'ignore' });
    // Rejects when the program is not there: without it the client would go on trying.
    await once(starting, 'spawn');
    child = starting;
    await eventually(() => client.ping());
  };
  const kill = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined) return;
    const ended = once(ending, 'exit');
    ending.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    port,
    url: `${tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    client,
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      client.disconnect();
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A master and a replica watched by one Sentinel under the name `relays`. */
export interface TestSentinel extends AsyncDisposable {
  readonly url: string;
  readonly master: TestRedis;
  readonly replica: TestRedis;
}

/** Starts a {@link TestSentinel} that fails over about a second after the master's death. */
export async function startSentinel(): Promise<TestSentinel> {
  const stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replica = stack.use(await startRedis({ config: [`replicaof 127.0.0.1 ${master.port}`] }));
  await eventually(async () => {
    if (!(await replica.client.info('replication')).includes('master_link_status:up'))
      throw new Error('no replica yet');
  });
  const sentinel = stack.use(
    await startRedis({
      sentinel: true,
      config: [
        `sentinel monitor relays 127.0.0.1 ${master.port} 1`,
        'sentinel down-after-milliseconds relays 500',
        'sentinel failover-timeout relays 2000',
      ],
    }),
  );
  await eventually(async () => {
    const replicas = (await sentinel.client.call('SENTINEL', 'REPLICAS', 'relays')) as unknown[];
    if (replicas.length === 0) throw new Error('the sentinel has not seen the replica');
  });
  return { url: sentinel.url, master, replica, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A Cluster of three masters. */
export interface TestCluster extends AsyncDisposable {
  /** The three nodes, comma separated. */
  readonly url: string;
  readonly nodes: readonly TestRedis[];
}

/** Starts a {@link TestCluster} and waits until every node finds it complete. */
export async function startCluster(): Promise<TestCluster> {
  const stack = new AsyncDisposableStack();
  const slots = [
    [0, 5460],
    [5461, 10_922],
    [10_923, 16_383],
  ] as const;
  const nodes: TestRedis[] = [];
  const busPorts: number[] = [];
  for (const [from, to] of slots) {
    const bus = await freePort();
    const config = ['cluster-enabled yes', 'cluster-node-timeout 2000', `cluster-port ${bus}`];
    const node = stack.use(await startRedis({ config }));
    await node.client.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    nodes.push(node);
    busPorts.push(bus);
  }
  const [first, ...others] = nodes as [TestRedis, ...TestRedis[]];
  for (const [index, node] of others.entries()) {
    await first.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, busPorts[index + 1] ?? 0);
  }
  for (const node of nodes) {
    await eventually(async () => {
      const info = String(await node.client.call('CLUSTER', 'INFO'));
      if (!info.includes('cluster_state:ok')) throw new Error(info);
    }, 20_000);
  }
  return {
    url: nodes.map((node) => node.url).join(','),
    nodes,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
