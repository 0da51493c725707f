import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { RelayConfig } from '@flagrelay/relay/config';
import { type Conversion, defined, secretRef, unread } from './convert.ts';

type Redis = NonNullable<RelayProxySpecManifest['store']>['redis'];

/** The Redis that a RelayProxy can use: a single server, and not beside an archive. */
export function usedRedis({ offline, store }: RelayConfig): RelayConfig['store']['redis'] {
  return offline === undefined && store.redis?.mode === 'single' ? store.redis : undefined;
}

/** Redis, if there is one that a RelayProxy can use. */
export function storeOf(conversion: Conversion): Pick<RelayProxySpecManifest, 'store'> {
  const { config, report, given } = conversion;
  const redis = usedRedis(config);
  if (config.store.redis && config.offline) {
    const subject = given('Redis', 'url') ?? given('Redis', 'host') ?? given('Redis', 'enabled') ?? 'Redis';
    report.note('lost', subject, 'an offline RelayProxy has no store. Instead: nothing, each pod reads the archive');
  }
  if (redis === undefined) return {};
  const origin = (key: string): string | undefined => conversion.given('Redis', key);
  const secret = (key: string, text: string | undefined, file: string | undefined, option: string) =>
    secretRef(conversion, key, { text, file, origin: origin(option) ?? origin(`${option}File`) });
  const fromUrl = addressOf(conversion, redis.url, redis.urlFile);
  return {
    store: {
      redis: {
        ...fromUrl.address,
        ...defined({
          usernameRef: secret('redis-username', redis.username ?? fromUrl.username, redis.usernameFile, 'username'),
          passwordRef: secret('redis-password', redis.password ?? fromUrl.password, redis.passwordFile, 'password'),
          caRef: secret('redis-ca.crt', undefined, redis.caFile, 'caFile'),
        }),
        ...cacheOf(conversion, redis.cacheTtlMs),
      },
    },
  };
}

interface Address {
  readonly address: Pick<Redis, 'url' | 'urlRef'>;
  readonly username?: string;
  readonly password?: string;
}

/** The address without credentials, which become Secrets of their own; or the Secret that it is in. */
function addressOf(conversion: Conversion, url: string | undefined, file: string | undefined): Address {
  const origin = conversion.given('Redis', 'url') ?? conversion.given('Redis', 'urlFile');
  const place = conversion.references.placeOf(url);
  if (place !== undefined) return { address: { urlRef: unread(conversion, 'redis-url', place, origin) } };
  const ref = conversion.references.of(url) ?? secretRef(conversion, 'redis-url', { text: undefined, file, origin });
  if (ref) {
    const tls = conversion.read.flag('Redis', 'tls') === true ? conversion.given('Redis', 'tls') : undefined;
    if (tls !== undefined && conversion.references.of(url)) {
      conversion.report.note('todo', tls, `write rediss:// in the Secret ${ref.name}, key ${ref.key}`);
    }
    return { address: { urlRef: ref } };
  }
  const parsed = URL.parse(url ?? '');
  if (parsed === null || (parsed.username === '' && parsed.password === '')) return { address: { url: url ?? '' } };
  const [username, password] = [parsed.username, parsed.password].map(decodeURIComponent);
  parsed.username = '';
  parsed.password = '';
  return {
    address: { url: parsed.href },
    ...defined({ username: username || undefined, password: password || undefined }),
  };
}

/** ld-relay reads items again after a while; a RelayProxy does so when it is told to. */
function cacheOf({ given, report }: Conversion, ttlMs: number): Pick<Redis, 'cachePolicy' | 'cacheTTLSeconds'> {
  const origin = given('Redis', 'localTtl');
  if (origin === undefined) {
    report.note(
      'default',
      'store.redis.cachePolicy',
      'is `Infinite`: pods serve from memory and outlive a lost store. ld-relay reads items again after 30 s; for that set `cachePolicy: TTL` and `cacheTTLSeconds: 30`',
    );
    return {};
  }
  if (ttlMs < 0) return { cachePolicy: 'Infinite' };
  const result = Math.min(86_400, Math.max(1, Math.ceil(ttlMs / 1000)));
  if (result * 1000 !== ttlMs) report.note('changed', origin, `${ttlMs / 1000} s became cacheTTLSeconds: ${result}`);
  return { cachePolicy: 'TTL', cacheTTLSeconds: result };
}
