import { createHash } from 'node:crypto';
import type { AgentOptions } from 'node:https';
import { type Clock, systemClock } from '@flagrelay/kube/clock';
import { type Cluster, type DispatcherOptions, KubeConfig, type RequestContext } from '@kubernetes/client-node';
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { adoptTokenFiles, TokenFileAuth } from './token-file.ts';

/** client-node types TLS options by node:tls, undici by its own names for the same fields. */
type Connect = buildConnector.BuildOptions;

/** Options of the pooled KubeConfig. */
export interface PooledKubeConfigOptions {
  /** HTTP/2 where the server has it: one connection carries everything. Default true. */
  readonly allowH2?: boolean | undefined;
  readonly clock?: Clock | undefined;
}

/** A retired dispatcher serves its running watches this long (the longest watch and some), in ms. */
const RETIRED_LIFE_MS = 330_000;
/** A suspected connection is replaced at most this often, in ms. */
const SUSPECT_INTERVAL_MS = 10_000;
/** Between HTTP/2 pings, in ms (client-go's value). */
const PING_INTERVAL_MS = 30_000;
const MAX_CONNECTIONS = 128;

/**
 * client-node's KubeConfig with one shared undici dispatcher instead of a new one for each request (upstream #2893).
 * The dispatcher is replaced when the server, CA, client certificate or proxy changes; certificates are read again for
 * each request, so a rotated file is noticed. A bearer token belongs to the request, not to the connection: rotating it
 * keeps the connection. Whoever makes one closes it.
 */
export class PooledKubeConfig extends KubeConfig {
  readonly #allowH2: boolean;
  readonly #clock: Clock;
  readonly #tokenFile: TokenFileAuth;
  readonly #retired = new Set<Dispatcher>();
  #current: { identity: string; dispatcher: Dispatcher; madeAt: number } | undefined;
  #closed = false;

  constructor(options: PooledKubeConfigOptions = {}) {
    super();
    this.#allowH2 = options.allowH2 ?? true;
    this.#clock = options.clock ?? systemClock;
    this.#tokenFile = new TokenFileAuth(this.#clock);
    this.addAuthenticator(this.#tokenFile);
  }

  /** Loads as kubectl does: KUBECONFIG, ~/.kube/config, the pod's service account. */
  static fromDefault(options?: PooledKubeConfigOptions): PooledKubeConfig {
    const config = new PooledKubeConfig(options);
    config.loadFromDefault();
    return config;
  }

  /**
   * Puts credentials and the shared dispatcher into a request.
   * @throws Error when closed, or when a certificate or token file cannot be read.
   */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    if (this.#closed) throw new Error('the connection to the API server is closed: the process is stopping');
    adoptTokenFiles(this);
    await super.applySecurityAuthentication(context);
    if (this.#current) context.setDispatcher(this.#current.dispatcher);
  }

  /**
   * Called by super for each request with the TLS material as it is now: the one place that sees certificates from
   * files, inline data and exec plugins alike. Answering `none` keeps super from making a dispatcher of its own.
   */
  override createDispatcherOptions(cluster: Cluster | null, agentOptions: AgentOptions): DispatcherOptions {
    const options = super.createDispatcherOptions(cluster, agentOptions);
    const identity = identityOf(cluster?.server ?? '', options);
    if (this.#closed || this.#current?.identity === identity) return { type: 'none' };
    this.#retire();
    this.#current = { identity, dispatcher: this.#build(options), madeAt: this.#clock.now() };
    return { type: 'none' };
  }

  /** Reads the token file again for the next request; call it after a 401. */
  forgetCredentials(): void {
    this.#tokenFile.forget();
  }

  /**
   * Says that a call over this dispatcher got no answer in time. New calls then use a new connection: with HTTP/2 one
   * dead connection would swallow them all. Running streams stay where they are.
   */
  suspect(dispatcher: Dispatcher | undefined): void {
    const current = this.#current;
    if (dispatcher === undefined || current?.dispatcher !== dispatcher) return;
    if (this.#clock.now() - current.madeAt >= SUSPECT_INTERVAL_MS) this.#retire();
  }

  /** Ends all connections at once; what is still running fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#retired, ...(this.#current ? [this.#current.dispatcher] : [])];
    this.#retired.clear();
    this.#current = undefined;
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  #retire(): void {
    const old = this.#current?.dispatcher;
    this.#current = undefined;
    if (!old) return;
    this.#retired.add(old);
    const timer = this.#clock.after(RETIRED_LIFE_MS, () => void old.destroy());
    const forget = () => {
      timer.cancel();
      this.#retired.delete(old);
    };
    old.close().then(forget, forget); // destroyed meanwhile: gone all the same
  }

  #build(options: DispatcherOptions): Dispatcher {
    // Time limits belong to the calls: a quiet watch is no fault of the connection.
    const common = {
      allowH2: this.#allowH2,
      // HTTP/2 needs one; with HTTP/1.1 each running watch needs its own.
      connections: MAX_CONNECTIONS,
      bodyTimeout: 0,
      headersTimeout: 0,
      h2Options: { pingInterval: PING_INTERVAL_MS },
    } as const;
    switch (options.type) {
      case 'agent':
        return new Agent({ ...common, connect: { ...options.connect, keepAliveInitialDelay: 30_000 } as Connect });
      case 'proxy':
        return new ProxyAgent({ ...common, uri: options.uri, requestTls: options.requestTls as Connect });
      case 'socks':
        throw new Error(`kubeconfig proxy-url ${new URL(options.uri).protocol}// must be an http or https URL`);
      case 'none':
        return new Agent(common);
    }
  }
}

/** Everything that makes one connection different from another; only ever kept as a hash, as it holds the private key. */
function identityOf(server: string, options: DispatcherOptions): string {
  const hash = createHash('sha256').update(`${server}\n${options.type}\n`);
  const { uri = '', requestTls, connect } = options as { uri?: string; requestTls?: object; connect?: object };
  hash.update(uri);
  for (const [name, value] of Object.entries({ ...requestTls, ...connect })) {
    hash.update(`\n${name}=`).update(Buffer.isBuffer(value) ? value : String(value));
  }
  return hash.digest('base64');
}
