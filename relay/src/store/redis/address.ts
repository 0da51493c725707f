/** Where one Redis server, Sentinel or Cluster node is. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** What a Redis URL says. */
export interface RedisAddress {
  readonly nodes: readonly RedisNode[];
  /** The scheme was `rediss`. */
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  /** For people: the URL with the password shown as `xxxxx` (contract 3, `dbServer`). */
  readonly shown: string;
}

/** A Redis setting that cannot be used; `message` names it and holds no credential. */
export class RedisSettingsError extends Error {
  override readonly name = 'RedisSettingsError';
}

/**
 * Reads `redis://[user:password@]host[:port][/database]` or `rediss://…`; several comma-separated ones for Sentinel and
 * Cluster, where the first one's scheme, user and database count and the others may be just `host:port`.
 * @param override user and password that beat the URL's
 * @throws RedisSettingsError for anything else
 */
export function parseRedisUrl(
  text: string,
  override: { readonly username?: string | undefined; readonly password?: string | undefined } = {},
  defaultPort = 6379,
): RedisAddress {
  const parts = text.split(',').map((part) => part.trim());
  const urls = parts.map((part) => {
    const url = part.includes('://') ? part : `redis://${part}`;
    if (!URL.canParse(url)) throw new RedisSettingsError('store.redis.url is not a URL; redis://host:port is expected');
    return new URL(url);
  });
  const first = urls[0];
  if (first === undefined || urls.some((url) => url.protocol !== 'redis:' && url.protocol !== 'rediss:')) {
    throw new RedisSettingsError('store.redis.url must begin with redis:// or rediss://');
  }
  if (urls.some((url) => url.hostname === '')) throw new RedisSettingsError('store.redis.url has no host');
  const username = override.username ?? orUndefined(decodeURIComponent(first.username));
  const password = override.password ?? orUndefined(decodeURIComponent(first.password));
  const nodes = urls.map((url) => ({
    host: url.hostname.replace(/^\[(.+)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
  }));
  return {
    nodes,
    tls: first.protocol === 'rediss:',
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database: databaseNumber(first.pathname),
    shown: shown(urls, username, password),
  };
}

function databaseNumber(path: string): number {
  const text = path.replace(/^\//, '');
  if (text === '') return 0;
  if (!/^\d{1,6}$/.test(text)) {
    throw new RedisSettingsError('store.redis.url: the path must be the number of a database, such as /0');
  }
  return Number(text);
}

function shown(urls: readonly URL[], username: string | undefined, password: string | undefined): string {
  const [first, ...others] = urls as [URL, ...URL[]];
  const name = username === undefined ? '' : encodeURIComponent(username);
  const login = password === undefined ? name : `${name}:xxxxx`;
  const path = first.pathname === '/' ? '' : first.pathname;
  const hosts = [first, ...others].map((url) => url.host).join(',');
  return `${first.protocol}//${login === '' ? '' : `${login}@`}${hosts}${path}`;
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}
