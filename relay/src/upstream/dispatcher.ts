import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Agent, Dispatcher, Pool, ProxyAgent } from 'undici';
import type { RelayConfig } from '../config/document.ts';
import { type FileWatch, watchFiles } from '../files/watch.ts';
import { jobAfter } from '../jobs/jobs.ts';
import { knownAuthorities, namesAuthorities } from './authorities.ts';
import { type ProxyEndpoint, ProxySettingsError, proxyFor, proxySettings } from './proxy-settings.ts';

type Env = Readonly<Record<string, string | undefined>>;
type ProxyConfig = NonNullable<RelayConfig['upstream']['proxy']>;

/** Connecting takes at most this long, TLS included, in ms (contract 5.1 has 3 s for TCP alone). */
const CONNECT_TIMEOUT_MS = 5_000;
/** How long an idle connection is kept, in ms. */
const KEEP_ALIVE_MS = 30_000;
/** How long `close()` lets running requests go on before it cuts them, in ms. */
const CLOSE_GRACE_MS = 2_000;
/** How long requests may go on with credentials that were replaced, in ms; then streams connect again with the new ones. */
const RELOAD_GRACE_MS = 300_000;

/** The system's authorities are read again for a certificate that they did not know, no more often than this, in ms: bundles are renewed. */
const REREAD_MS = 60_000;

/** What OpenSSL says of a certificate whose authority it does not know. */
const UNKNOWN_AUTHORITY = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Options of {@link createUpstreamDispatcher}. */
export interface UpstreamOptions {
  /**
   * Hears at each look at the credentials file why it cannot be used, and `undefined` when it can; the last good
   * credentials stay in use.
   */
  readonly onAbsent?: (problem: string | undefined) => void;
  /** How often the credentials file is looked at, in ms. */
  readonly credentialsPollMs?: number;
  /** The authorities that count without configuration, as PEM texts; for tests. */
  readonly authorities?: (env: Env) => readonly string[];
}

/**
 * Makes the one dispatcher that every outbound request of the relay goes through: pooled HTTP/1.1 connections, an HTTP(S)
 * proxy with basic authentication from the configuration or the environment, extra CA files. The system's authorities count,
 * too; as to read them takes some 40 ms they are read when something says that they matter: `SSL_CERT_FILE` or
 * `SSL_CERT_DIR`, an extra CA file, a proxy, or a certificate that cannot be verified without them (the request fails that once).
 * Pass it as `dispatcher` to undici's functions. The owner calls `close()`, which gives running requests 2 s and then cuts them.
 * @param config `upstream.proxy`; absent = only the environment decides
 * @param env process environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`, `SSL_CERT_DIR`)
 * @throws ProxySettingsError for an unusable proxy URL, or a CA or credentials file that cannot be read
 */
export function createUpstreamDispatcher(
  config: ProxyConfig | undefined,
  env: Env,
  options: UpstreamOptions = {},
): Dispatcher {
  return new UpstreamDispatcher(config, env, options);
}

/** Routes each request by its origin to a direct or a proxied pool. A class because undici wants its own base class. */
class UpstreamDispatcher extends Dispatcher {
  readonly #config: ProxyConfig | undefined;
  readonly #env: Env;
  readonly #onAbsent: UpstreamOptions['onAbsent'];
  /** Those of the pools. */
  #credentials: string | undefined;
  #pools: Pools;
  /** Pools with former credentials that still have requests running. */
  readonly #replaced = new Set<Pools>();
  /** Of the credentials file. */
  #watching: FileWatch | undefined;
  #ended: Promise<void> | undefined;
  readonly #authorities: (env: Env) => readonly string[];
  /** When the system's authorities were read, on the monotonic clock; undefined: they are not. */
  #systemSince: number | undefined;

  constructor(config: ProxyConfig | undefined, env: Env, options: UpstreamOptions) {
    super();
    this.#onAbsent = options.onAbsent;
    this.#config = config;
    this.#env = env;
    this.#credentials = proxyCredentials(config);
    this.#authorities = options.authorities ?? knownAuthorities;
    this.#systemSince = namesAuthorities(env) ? performance.now() : undefined;
    this.#pools = this.#createPools();
    const file = config?.credentialsFile;
    if (file !== undefined) this.#watching = watchFiles([file], this.#reload, options.credentialsPollMs);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#pools.agent.dispatch(options as Agent.DispatchOptions, handler);
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    const done = this.#end(this.#pools.close(CLOSE_GRACE_MS));
    if (callback === undefined) return done;
    void done.then(callback, callback);
    return undefined;
  }

  override destroy(...args: unknown[]): Promise<void> {
    const error = args.find((arg) => arg instanceof Error) ?? null;
    const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
    const done = this.#pools.destroy(error);
    // Ends for good what a `close` may still be waiting for.
    void this.#end(done);
    if (callback !== undefined) void done.then(callback, callback);
    return done;
  }

  #end(done: Promise<void>): Promise<void> {
    this.#watching?.close();
    const replaced = [...this.#replaced].map((pools) => pools.destroy(null));
    this.#ended ??= Promise.all([done, ...replaced]).then(() => undefined);
    return this.#ended;
  }

  /** New credentials: new requests take new connections, running ones end on the old. */
  readonly #reload = (): void => {
    if (this.#ended !== undefined) return;
    let next: Pools;
    try {
      const credentials = proxyCredentials(this.#config);
      if (credentials === '' && this.#credentials) throw new ProxySettingsError('the credentials file is empty');
      // The file was touched, or is back as it was.
      if (credentials === this.#credentials) {
        this.#onAbsent?.(undefined);
        return;
      }
      next = this.#createPools(credentials);
      this.#credentials = credentials;
    } catch (error) {
      this.#onAbsent?.((error as Error).message);
      return;
    }
    this.#onAbsent?.(undefined);
    this.#replace(next);
  };

  #createPools(credentials: string | undefined = this.#credentials): Pools {
    const untrusted = (): void => {
      const now = performance.now();
      if (this.#ended !== undefined || now - (this.#systemSince ?? Number.NEGATIVE_INFINITY) < REREAD_MS) return;
      this.#systemSince = now;
      this.#replace(this.#createPools());
    };
    return createPools(this.#config, credentials, this.#env, {
      system: this.#systemSince !== undefined,
      authorities: () => this.#authorities(this.#env),
      untrusted,
    });
  }

  #replace(next: Pools): void {
    const old = this.#pools;
    this.#pools = next;
    this.#replaced.add(old);
    void old.close(RELOAD_GRACE_MS).finally(() => this.#replaced.delete(old));
  }
}

/** How certificates of upstream are judged. */
interface Trust {
  /** By the system's authorities, too. */
  readonly system: boolean;
  /** Reads them, and Node's. */
  authorities(): readonly string[];
  /** Hears that one could not be verified. */
  untrusted(): void;
}

/** An agent with the pools that it made: undici's agent forgets them when it closes, so it cannot cut what hangs. */
interface Pools {
  readonly agent: Agent;
  close(graceMs: number): Promise<void>;
  destroy(error: Error | null): Promise<void>;
}

function createPools(config: ProxyConfig | undefined, credentials: string | undefined, env: Env, trust: Trust): Pools {
  const settings = proxySettings(config?.url, credentials, env);
  const files = config?.caCertFiles ?? [];
  const connectWith = (secureContext: SecureContext | undefined) => ({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    ...(secureContext === undefined ? {} : { secureContext }),
  });
  const connect = connectWith(trust.system || files.length > 0 ? caContext(files, trust.authorities()) : undefined);
  const pool = { keepAliveTimeout: KEEP_ALIVE_MS, allowH2: false, connect };
  // Companies' proxies have companies' certificates.
  let proxyConnect: typeof connect | undefined;
  const proxied = (endpoint: ProxyEndpoint): Dispatcher => {
    proxyConnect ??= connect.secureContext === undefined ? connectWith(caContext(files, trust.authorities())) : connect;
    return new ProxyAgent({
      keepAliveTimeout: KEEP_ALIVE_MS,
      allowH2: false,
      uri: endpoint.uri,
      ...(endpoint.token === undefined ? {} : { token: endpoint.token }),
      proxyTls: proxyConnect,
      requestTls: proxyConnect,
    });
  };
  // One for each origin, and there are as many origins as upstream services.
  const made: Dispatcher[] = [];
  const agent = new Agent({
    factory: (origin) => {
      const endpoint = proxyFor(settings, new URL(origin));
      const next = endpoint === undefined ? new Pool(origin, pool) : proxied(endpoint);
      made.push(next);
      return next;
    },
  });
  agent.on('connectionError', (_origin, _targets, error) => {
    const code = (error as NodeJS.ErrnoException).code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code;
    if (UNKNOWN_AUTHORITY.has(code ?? '')) trust.untrusted();
  });
  const destroy = async (error: Error | null): Promise<void> => {
    await Promise.all([agent.destroy(error), ...made.map((each) => each.destroy(error))]);
  };
  const close = async (graceMs: number): Promise<void> => {
    const timer = jobAfter('upstream-close', graceMs, () => destroy(null));
    try {
      await agent.close();
    } finally {
      clearTimeout(timer);
    }
  };
  return { agent, close, destroy };
}

/** The credentials as they are now: inline, or the trimmed text of the file. */
function proxyCredentials(config: ProxyConfig | undefined): string | undefined {
  if (config?.credentialsFile === undefined) return config?.credentials;
  return readText('upstream.proxy.credentialsFile', config.credentialsFile).trim();
}

/** Trusts what is known without configuration, and what the given files hold. */
function caContext(files: readonly string[], known: readonly string[]): SecureContext {
  const extra = files.map((file) => readText('upstream.proxy.caCertFiles', file));
  try {
    return createSecureContext({ ca: [...known, ...extra] });
  } catch (cause) {
    throw new ProxySettingsError(`upstream.proxy.caCertFiles: ${files.join(', ')} must hold PEM certificates`, {
      cause,
    });
  }
}

function readText(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ProxySettingsError(`${setting}: cannot read ${file}`, { cause });
  }
}
