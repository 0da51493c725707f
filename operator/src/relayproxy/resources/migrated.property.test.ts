import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseRelayProxy } from '@flagrelay/crds';
import { migrate, parseEnvText } from '@flagrelay/migrate';
import type { RelayConfig } from '@flagrelay/relay/config-document';
import { loadConfig } from '@flagrelay/relay/config-load';
import { definitionsOf } from '@flagrelay/relay/environment-definitions';
import fc from 'fast-check';
import { type Secrets, writeMountedFiles } from '../testing/mounted-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'flagrelay-migrated-'));
after(() => rmSync(folder, { recursive: true }));
let runs = 0;

type Env = Readonly<Record<string, string>>;

/** What an ld-relay with these variables runs on. */
function original(env: Env): RelayConfig {
  const result = loadConfig(['--from-env'], { ...env });
  assert.ok(result.kind === 'run', JSON.stringify(result));
  return result.config;
}

/** What a pod of the migrated RelayProxy runs on: its document and its Secrets, as they are mounted. */
function migrated(env: Env): RelayConfig {
  const lines = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  const result = migrate({
    sources: { variables: parseEnvText(lines.join('\n'), 'some.env') },
    surroundings: { secretOf: () => undefined, readFile: (path) => readFileSync(path, 'utf8') },
  });
  const parsed = parseRelayProxy({
    ...result.relayProxy,
    metadata: { ...result.relayProxy.metadata, namespace: 'team', uid: 'u' },
  });
  assert.ok(parsed.ok);
  const secrets: Secrets = Object.fromEntries(
    result.secrets.manifests('manifests', undefined).map(({ metadata, stringData }) => [metadata.name, stringData]),
  );
  runs += 1;
  const document = writeMountedFiles(parsed.value, secrets, join(folder, String(runs)));
  const loaded = loadConfig(['--config', document], {});
  assert.ok(loaded.kind === 'run', JSON.stringify(loaded));
  return loaded.config;
}

function content(text: string | undefined, file: string | undefined): string | undefined {
  return text ?? (file === undefined ? undefined : readFileSync(file, 'utf8'));
}

/** The address with user and password in it, wherever they are kept. */
function redisOf({ store: { redis } }: RelayConfig) {
  if (redis === undefined) return undefined;
  const url = new URL(content(redis.url, redis.urlFile) ?? '');
  const username = content(redis.username, redis.usernameFile) ?? decodeURIComponent(url.username);
  const password = content(redis.password, redis.passwordFile) ?? decodeURIComponent(url.password);
  return { protocol: url.protocol, host: url.host, path: url.pathname.replace(/^\/$/, ''), username, password };
}

/** What somebody notices of a configuration, without where its secrets are kept. */
function effective(config: RelayConfig, env: Env) {
  const { server, upstream, streaming, events, autoConfig, log, ops } = config;
  const { proxy } = upstream;
  return {
    environments: definitionsOf(config),
    autoConfig: autoConfig && {
      key: content(autoConfig.key, autoConfig.keyFile),
      prefix: autoConfig.envDatastorePrefix,
      origins: autoConfig.envAllowedOrigins,
    },
    redis: redisOf(config),
    port: server.port,
    tls: server.tls && [
      readFileSync(server.tls.certFile, 'utf8'),
      readFileSync(server.tls.keyFile, 'utf8'),
      server.tls.minVersion,
    ],
    opsPort: ops.port,
    upstream: { ...upstream, proxy: undefined, onInitTimeout: undefined },
    proxy: proxy && { url: proxy.url, credentials: content(proxy.credentials, proxy.credentialsFile) },
    // The operator has orders for the pods of a RelayProxy.
    streaming: { ...streaming, shedFile: undefined },
    events,
    logLevel: log.level,
    // These have other defaults, which the report names.
    cacheTtlMs: env.CACHE_TTL === undefined ? undefined : Math.max(-1, config.store.redis?.cacheTtlMs ?? 0),
    onInitTimeout: env.IGNORE_CONNECTION_ERRORS === undefined ? undefined : upstream.onInitTimeout,
  };
}

/** `undefined` and absent are the same. */
function withoutUndefined<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const pem = join(folder, 'some.pem');
writeFileSync(pem, 'PEM');

const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,10}[A-Za-z0-9]$/);
const secret = fc.stringMatching(/^[!-&(-~]{4,30}$/);
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((value) => `${value}s`);
const url = word.map((host) => `https://${host.toLowerCase().replaceAll('_', '-')}.test`);
const bool = fc.constantFrom('true', 'false', '1', 'no');
const port = fc.integer({ min: 1024, max: 65_535 });

/** Any of these, or not. */
function some(arbitraries: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Env> {
  return fc
    .record(arbitraries, { requiredKeys: [] })
    .map((record) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, String(value)])));
}

const main = some({
  STREAM_URI: url,
  BASE_URI: url,
  CLIENT_SIDE_BASE_URI: url,
  EVENTS_HOST: url,
  INIT_TIMEOUT: seconds(1, 3600),
  DISCONNECTED_STATUS_TIME: seconds(0, 86_400),
  HEARTBEAT_INTERVAL: seconds(1, 3600),
  MAX_CLIENT_CONNECTION_TIME: seconds(60, 604_800),
  IGNORE_CONNECTION_ERRORS: bool,
  LOG_LEVEL: fc.constantFrom('debug', 'info', 'warn', 'error', 'none'),
  USE_EVENTS: bool,
  EVENTS_FLUSH_INTERVAL: seconds(1, 300),
  EVENTS_CAPACITY: fc.integer({ min: 1, max: 1_000_000 }),
});
const ports = fc.option(
  fc
    .uniqueArray(port, { minLength: 2, maxLength: 2 })
    .map(([sdk, ops]) => ({ PORT: String(sdk), OPS_PORT: String(ops) })),
  { nil: {} },
);
const tls = fc.option(
  fc
    .constantFrom('1.2', '1.3')
    .map((version) => ({ TLS_ENABLED: 'true', TLS_CERT: pem, TLS_KEY: pem, TLS_MIN_VERSION: version })),
  { nil: {} },
);
const proxy = fc.oneof(
  fc.constant({}),
  fc.record({ PROXY_URL: url.map((value) => `${value}:3128`) }),
  fc.record({ PROXY_URL: url, PROXY_AUTH_USER: word, PROXY_AUTH_PASSWORD: secret }),
);
const redis = fc.oneof(
  fc.constant({}),
  fc
    .tuple(
      fc.oneof(
        fc.record({
          REDIS_URL: fc
            .tuple(word, secret, word)
            .map(
              ([user, password, host]) =>
                `redis://${user}:${encodeURIComponent(password).replaceAll("'", '%27')}@${host.toLowerCase().replaceAll('_', '-')}:6379/3`,
            ),
        }),
        some({ REDIS_HOST: word.map((host) => host.toLowerCase().replaceAll('_', '-')), REDIS_PORT: port }),
      ),
      some({ REDIS_TLS: bool, REDIS_PASSWORD: secret, CACHE_TTL: fc.oneof(seconds(1, 86_400), fc.constant('-1s')) }),
    )
    .map(([address, rest]) => ({ USE_REDIS: 'true', ...address, ...rest })),
);
const environments = fc
  .uniqueArray(fc.tuple(word, secret, secret, word), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name.toLowerCase(),
  })
  .chain((list) =>
    fc.tuple(
      ...list.map(([name, sdkKey, mobileKey, id], at) =>
        some({
          [`LD_ALLOWED_ORIGIN_${name}`]: url,
          [`LD_ALLOWED_HEADER_${name}`]: word,
          [`LD_SECURE_MODE_${name}`]: bool,
          [`LD_LOG_LEVEL_${name}`]: fc.constantFrom('debug', 'error'),
          [`LD_TTL_${name}`]: seconds(0, 86_400),
          [`LD_SDK_KEY_PREVIOUS_${name}`]: secret,
        }).map((rest) => ({
          ...rest,
          [`LD_ENV_${name}`]: `${sdkKey}${at}`,
          [`LD_MOBILE_KEY_${name}`]: `${mobileKey}${at}m`,
          [`LD_CLIENT_SIDE_ID_${name}`]: `${id}${at}`,
          [`LD_PREFIX_${name}`]: `p${at}`,
        })),
      ),
    ),
  )
  .map((list) => Object.assign({}, ...list) as Env);
const autoConfig = fc.record({ AUTO_CONFIG_KEY: secret, ENV_DATASTORE_PREFIX: word.map((prefix) => `${prefix}-$CID`) });

const configurations = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: environments }, { weight: 1, arbitrary: autoConfig }),
    main,
    ports,
    tls,
    proxy,
    redis,
  )
  .map((parts) => Object.assign({}, ...parts) as Env);

test('a relay runs on the same with the variables and with the RelayProxy that they were migrated to', () => {
  fc.assert(
    fc.property(configurations, (env) => {
      const [before, now] = [original(env), migrated(env)].map((config) => withoutUndefined(effective(config, env)));
      assert.ok(before && now);
      const hasStore = before.redis !== undefined;
      // Without a store a prefix is nothing.
      const withoutPrefix = (config: typeof before) => ({
        ...config,
        environments: config.environments.map(({ prefix: _, ...rest }) => rest),
        autoConfig: config.autoConfig && { ...config.autoConfig, prefix: undefined },
      });
      if (hasStore) assert.deepEqual(now, before);
      else assert.deepEqual(withoutPrefix(now), withoutPrefix(before));
    }),
    { numRuns: 150 },
  );
});
