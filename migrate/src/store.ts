import type { RelayProxySpecManifest } from '@flagrelay/crds';
import type { RelayConfig } from '@flagrelay/relay/config';
import { type Conversion, defined, secretRef, unread } from './convert.ts';

type Store = NonNullable<RelayProxySpecManifest['store']>;
type Redis = NonNullable<Store['redis']>;
type DynamoDb = NonNullable<Store['dynamodb']>;

/** The store that a RelayProxy can use: a single Redis or DynamoDB, and not beside an archive. */
export function usedStore({ offline, store }: RelayConfig): 'redis' | 'dynamodb' | undefined {
  if (offline !== undefined) return undefined;
  if (store.redis?.mode === 'single') return 'redis';
  return store.dynamodb === undefined ? undefined : 'dynamodb';
}

/** The store, if there is one that a RelayProxy can use. */
export function storeOf(conversion: Conversion): Pick<RelayProxySpecManifest, 'store'> {
  const { config, report, given } = conversion;
  const { redis, dynamodb } = config.store;
  if ((redis || dynamodb) && config.offline) {
    const subject =
      given('Redis', 'url') ??
      given('Redis', 'host') ??
      given('Redis', 'enabled') ??
      given('DynamoDB', 'enabled') ??
      (redis ? 'Redis' : 'DynamoDB');
    report.note('lost', subject, 'an offline RelayProxy has no store. Instead: nothing, each pod reads the archive');
  }
  const used = usedStore(config);
  if (used === 'redis' && redis) return { store: { redis: redisOf(conversion, redis) } };
  if (used === 'dynamodb' && dynamodb) return { store: { dynamodb: dynamoOf(conversion, dynamodb) } };
  return {};
}

function redisOf(conversion: Conversion, redis: NonNullable<RelayConfig['store']['redis']>): Redis {
  const origin = (key: string): string | undefined => conversion.given('Redis', key);
  const secret = (key: string, text: string | undefined, file: string | undefined, option: string) =>
    secretRef(conversion, key, { text, file, origin: origin(option) ?? origin(`${option}File`) });
  const fromUrl = addressOf(conversion, redis.url, redis.urlFile);
  return {
    ...fromUrl.address,
    ...defined({
      usernameRef: secret('redis-username', redis.username ?? fromUrl.username, redis.usernameFile, 'username'),
      passwordRef: secret('redis-password', redis.password ?? fromUrl.password, redis.passwordFile, 'password'),
      caRef: secret('redis-ca.crt', undefined, redis.caFile, 'caFile'),
    }),
    ...cacheOf(conversion, 'redis', redis.cacheTtlMs),
  };
}

function dynamoOf(
  conversion: Conversion,
  { tableName, region, url, cacheTtlMs }: NonNullable<RelayConfig['store']['dynamodb']>,
): DynamoDb {
  const { given, report } = conversion;
  report.note(
    'todo',
    given('DynamoDB', 'enabled') ?? 'DynamoDB',
    'give the pods an identity of AWS that may read and write the table, by `podTemplate.serviceAccountAnnotations` (IRSA) or EKS Pod Identity; where ld-relay has AWS keys in variables, add them as `podTemplate.env` from a Secret',
  );
  return { ...defined({ tableName, region, endpoint: url }), ...cacheOf(conversion, 'dynamodb', cacheTtlMs) };
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
function cacheOf(
  { given, report }: Conversion,
  store: keyof Store,
  ttlMs: number,
): Pick<Redis, 'cachePolicy' | 'cacheTTLSeconds'> {
  const origin = given(store === 'redis' ? 'Redis' : 'DynamoDB', 'localTtl');
  if (origin === undefined) {
    report.note(
      'default',
      `store.${store}.cachePolicy`,
      'is `Infinite`: pods serve from memory and outlive a lost store. ld-relay reads items again after 30 s; for that set `cachePolicy: TTL` and `cacheTTLSeconds: 30`',
    );
    return {};
  }
  if (ttlMs < 0) return { cachePolicy: 'Infinite' };
  const result = Math.min(86_400, Math.max(1, Math.ceil(ttlMs / 1000)));
  if (result * 1000 !== ttlMs) report.note('changed', origin, `${ttlMs / 1000} s became cacheTTLSeconds: ${result}`);
  return { cachePolicy: 'TTL', cacheTTLSeconds: result };
}
