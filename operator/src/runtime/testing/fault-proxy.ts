import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { RequestContext } from '@kubernetes/client-node';
import { request } from 'undici';
import { PooledKubeConfig } from '../kube-config.ts';

/** What goes wrong with one request. */
export type Fault =
  /** Answers instead of the server: a Status with this code, and headers. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly reason?: string;
      readonly headers?: Record<string, string>;
    }
  /** Answers 200 with this body instead of the server. */
  | { readonly kind: 'body'; readonly text: string }
  /** Resets the connection before any answer. */
  | { readonly kind: 'reset' }
  /** Never answers. */
  | { readonly kind: 'stall' }
  /** Waits before it passes the request on. */
  | { readonly kind: 'delay'; readonly ms: number };

/** What a proxied request is. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly watch: boolean;
}

/** When a fault applies. */
export interface FaultRule {
  readonly when: (request: ProxiedRequest) => boolean;
  readonly fault: Fault;
  /** How many requests it hits. Default: all. */
  readonly times?: number;
}

/** A running fault proxy. */
export interface FaultProxy {
  /** For a kubeconfig of another process; it needs no credentials. */
  readonly url: string;
  /** A kubeconfig that goes through the proxy, which adds the real credentials. Its owner closes it. */
  kubeConfig(): PooledKubeConfig;
  /** Adds a fault; the first that applies to a request wins. */
  inject(rule: FaultRule): void;
  /** No more faults. */
  clear(): void;
  /** All requests so far. */
  readonly requests: readonly ProxiedRequest[];
  /** Watches that run now. */
  readonly openWatches: number;
  /** Resets the connection of each running watch. */
  resetWatches(): void;
  /** Ends each running watch cleanly. */
  endWatches(): void;
  /** Ends each running watch inside an event. */
  cutWatches(): void;
  /** Keeps running watches open, and passes nothing more on. */
  muteWatches(): void;
  close(): Promise<void>;
}

interface RunningWatch {
  readonly response: ServerResponse;
  readonly socket: Socket;
  muted: boolean;
}

/**
 * A plain HTTP proxy on loopback in front of the real API server that misbehaves as told. What it does not touch is
 * the server's own answer.
 */
export async function startFaultProxy(upstream: PooledKubeConfig): Promise<FaultProxy> {
  const target = upstream.getCurrentCluster()?.server;
  if (!target) throw new Error('the upstream kubeconfig has no current cluster');
  let rules: { rule: FaultRule; left: number }[] = [];
  const requests: ProxiedRequest[] = [];
  const watches = new Set<RunningWatch>();
  const stopped = new AbortController();

  function faultFor(seen: ProxiedRequest): Fault | undefined {
    const found = rules.find(({ rule, left }) => left > 0 && rule.when(seen));
    if (found) found.left -= 1;
    return found?.rule.fault;
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse, seen: ProxiedRequest): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const url = `${target}${incoming.url}`;
    const method = incoming.method as 'GET';
    const context = new RequestContext(url, method);
    await upstream.applySecurityAuthentication(context);
    const {
      host: _host,
      connection: _connection,
      authorization: _none,
      'content-length': _length,
      ...headers
    } = incoming.headers;
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    const answer = await request(url, {
      method,
      dispatcher: context.getDispatcher()!,
      headers: { ...headers, ...context.getHeaders() },
      body: chunks.length > 0 ? Buffer.concat(chunks) : null,
      signal: AbortSignal.any([gone.signal, stopped.signal]),
    });
    const { connection: _hop, 'transfer-encoding': _coding, ...answerHeaders } = answer.headers;
    outgoing.writeHead(answer.statusCode, answerHeaders as Record<string, string>);
    outgoing.flushHeaders();
    const watch: RunningWatch = { response: outgoing, socket: incoming.socket, muted: false };
    if (seen.watch) watches.add(watch);
    try {
      for await (const chunk of answer.body) if (!watch.muted) outgoing.write(chunk);
      if (!watch.muted) outgoing.end();
    } finally {
      watches.delete(watch);
    }
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://proxy');
    const seen = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      watch: url.searchParams.get('watch') === 'true',
    };
    requests.push(seen);
    const fault = faultFor(seen);
    switch (fault?.kind) {
      case 'reset':
        incoming.socket.resetAndDestroy();
        return;
      case 'stall':
        return;
      case 'status': {
        const { code, reason = 'Injected', headers } = fault;
        outgoing.writeHead(code, { 'content-type': 'application/json', ...headers });
        outgoing.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message: 'injected' }));
        return;
      }
      case 'body':
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end(fault.text);
        return;
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.ms));
    }
    await pass(incoming, outgoing, seen);
  }

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy()); // the client went away, or the server did
  });
  server.keepAliveTimeout = 0; // no fault but those that were asked for: an idle connection is not closed
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  function eachWatch(act: (watch: RunningWatch) => void): void {
    for (const watch of [...watches]) {
      watch.muted = true;
      act(watch);
    }
  }

  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    kubeConfig() {
      const config = new PooledKubeConfig();
      const cluster = { name: 'proxy', server: url, skipTLSVerify: true };
      config.loadFromClusterAndUser(cluster, { name: 'proxied' });
      return config;
    },
    inject: (rule) => void rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }),
    clear() {
      rules = [];
    },
    requests,
    get openWatches() {
      return watches.size;
    },
    resetWatches: () => eachWatch(({ socket }) => socket.resetAndDestroy()),
    endWatches: () => eachWatch(({ response }) => response.end()),
    cutWatches: () => eachWatch(({ response }) => response.end('{"type":"ADDED","object":{"meta')),
    muteWatches: () => eachWatch(() => undefined),
    async close() {
      stopped.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
