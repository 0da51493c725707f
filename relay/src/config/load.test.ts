import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RelayConfig } from './document.ts';
import { loadConfig } from './load.ts';
import { OPTIONS } from './options.ts';

type Env = Record<string, string>;

const directory = mkdtempSync(join(tmpdir(), 'flagrelay-config-'));
after(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(text: string, ending = '.conf'): string {
  const path = join(directory, `${files++}${ending}`);
  writeFileSync(path, text);
  return path;
}

function ran(argv: string[], env: Env = {}): { config: RelayConfig; warnings: readonly string[] } {
  const result = loadConfig(argv, env);
  assert.ok(result.kind === 'run', JSON.stringify(result));
  return result;
}

function refused(argv: string[], env: Env = {}): string {
  const result = loadConfig(argv, env);
  assert.ok(result.kind === 'exit', 'it was accepted');
  assert.equal(result.code, 2);
  return result.stderr ?? '';
}

/** Some file that exists. */
const PEM = file('-----BEGIN CERTIFICATE-----\n', '.pem');
const ONE: Env = { LD_ENV_one: 'sdk-secret-0001', LD_MOBILE_KEY_one: 'mob-secret-0001' };
const AUTO: Env = { AUTO_CONFIG_KEY: 'rel-secret-0001' };

test('4.2: defaults', () => {
  const { config, warnings } = ran(['--from-env'], ONE);
  assert.deepEqual(warnings, []);
  assert.equal(config.server.port, 8030);
  assert.equal(config.upstream.streamUri, 'https://stream.launchdarkly.com');
  assert.equal(config.upstream.baseUri, 'https://sdk.launchdarkly.com');
  assert.equal(config.upstream.clientSideBaseUri, 'https://clientsdk.launchdarkly.com');
  assert.equal(config.upstream.eventsUri, 'https://events.launchdarkly.com');
  assert.equal(config.upstream.initTimeoutMs, 10_000);
  assert.equal(config.streaming.heartbeatMs, 180_000);
  assert.equal(config.upstream.disconnectedAfterMs, 60_000);
  assert.equal(config.events.enabled, false);
  assert.equal(config.credentialCleanupMs, 60_000);
  assert.deepEqual(config.store, {});
  assert.deepEqual(config.ops, { port: 8031, required: false });
});

test('4.2: every variable of ld-relay has its effect', () => {
  const { config } = ran(['--from-env'], {
    ...ONE,
    STREAM_URI: 'http://s',
    BASE_URI: 'http://b',
    EVENTS_HOST: 'http://e',
    PORT: '9000',
    INIT_TIMEOUT: '1s',
    HEARTBEAT_INTERVAL: '2m30s',
    MAX_CLIENT_CONNECTION_TIME: '1h',
    DISCONNECTED_STATUS_TIME: '90s',
    IGNORE_CONNECTION_ERRORS: 'true',
    EXIT_ALWAYS: '1',
    TLS_ENABLED: 'yes',
    TLS_CERT: PEM,
    TLS_KEY: PEM,
    TLS_MIN_VERSION: '1.3',
    LOG_LEVEL: 'Debug',
    BIG_SEGMENTS_STALE_AS_DEGRADED: 'true',
    BIG_SEGMENTS_STALE_THRESHOLD: '10m',
    EXPIRED_CREDENTIAL_CLEANUP_INTERVAL: '100ms',
    USE_EVENTS: '1',
    EVENTS_FLUSH_INTERVAL: '1500ms',
    EVENTS_CAPACITY: '7',
    EVENTS_MEMORY: '64MiB',
    EVENTS_MAX_VALUES: '77',
    MAX_UPSTREAM_EVENT_SIZE: '70MiB',
    MAX_GOALS_REQUESTS: '7',
    MAX_CONTEXT_VALUES: '71',
    MAX_CONTEXT_MEMBERS: '72',
    CONTEXT_MEMORY: '7MiB',
    MAX_PATTERN_STEPS: '73',
    EVENTS_MAX_INBOUND_PAYLOAD_SIZE: '10KiB',
    USE_REDIS: 'true',
    REDIS_HOST: 'r',
    REDIS_PORT: '1234',
    REDIS_TLS: 'true',
    REDIS_USERNAME: 'u',
    REDIS_PASSWORD: 'p',
    CACHE_TTL: '-1s',
    LD_CLIENT_SIDE_ID_one: 'id1',
    LD_PREFIX_one: 'p1',
    LD_ALLOWED_ORIGIN_one: 'http://a,http://b',
    LD_ALLOWED_HEADER_one: 'X-A',
    LD_SECURE_MODE_one: 'true',
    LD_LOG_LEVEL_one: 'warn',
    LD_TTL_one: '5m',
    LD_PROJ_KEY_one: 'proj',
    LD_FILTER_KEYS_proj: 'fa,fb',
    PROXY_URL: 'http://proxy:3128',
    PROXY_AUTH_USER: 'pu',
    PROXY_AUTH_PASSWORD: 'pp',
    PROXY_CA_CERTS: `${PEM},${PEM}`,
    USE_PROMETHEUS: 'true',
    PROMETHEUS_PREFIX: 'conf',
    PROMETHEUS_PORT: '9100',
  });
  assert.equal(config.upstream.streamUri, 'http://s');
  assert.equal(config.upstream.baseUri, 'http://b');
  assert.equal(config.upstream.clientSideBaseUri, 'http://b', 'a custom base is the client-side base too');
  assert.equal(config.upstream.eventsUri, 'http://e');
  assert.deepEqual(config.server.tls, { certFile: PEM, keyFile: PEM, minVersion: '1.3' });
  assert.equal(config.upstream.initTimeoutMs, 1000);
  assert.equal(config.upstream.onInitTimeout, 'continue');
  assert.equal(config.upstream.disconnectedAfterMs, 90_000);
  assert.equal(config.streaming.heartbeatMs, 150_000);
  assert.equal(config.streaming.maxConnectionMs, 3_600_000);
  assert.equal(config.oneShot, true);
  assert.equal(config.log.level, 'debug');
  assert.deepEqual(config.bigSegments, { staleThresholdMs: 600_000, staleAsDegraded: true });
  assert.equal(config.credentialCleanupMs, 100);
  assert.deepEqual(config.events, {
    enabled: true,
    flushMs: 1500,
    capacity: 7,
    maxInboundPayloadBytes: 10_240,
    maxBatchValues: 77,
    memoryBytes: 64 * 1024 * 1024,
  });
  assert.equal(config.upstream.maxEventBytes, 70 * 1024 * 1024);
  assert.equal(config.upstream.maxGoalsRequests, 7);
  const { maxContextValues, maxContextMembers, contextMemoryBytes, maxPatternSteps } = config.server;
  assert.deepEqual([maxContextValues, maxContextMembers, contextMemoryBytes, maxPatternSteps], [71, 72, 7_340_032, 73]);
  const redis = config.store.redis;
  assert.deepEqual(
    [redis?.url, redis?.username, redis?.password, redis?.cacheTtlMs],
    ['rediss://r:1234', 'u', 'p', -1000],
  );
  assert.deepEqual(config.filters, { proj: ['fa', 'fb'] });
  const [environment] = config.environments;
  assert.ok(environment);
  assert.deepEqual(
    [environment.name, environment.sdkKey, environment.mobileKey, environment.envId, environment.prefix],
    ['one', 'sdk-secret-0001', 'mob-secret-0001', 'id1', 'p1'],
  );
  assert.deepEqual([environment.allowedOrigins, environment.allowedHeaders], [['http://a', 'http://b'], ['X-A']]);
  assert.deepEqual([environment.secureMode, environment.logLevel, environment.ttlMs], [true, 'warn', 300_000]);
  const { proxy } = config.upstream;
  assert.deepEqual([proxy?.url, proxy?.credentials, proxy?.caCertFiles], ['http://proxy:3128', 'pu:pp', [PEM, PEM]]);
  assert.deepEqual([config.ops, config.ldRelayMetrics], [{ port: 9100, required: true }, { prefix: 'conf' }]);
});

test('4.1: file and variables together, option by option; empty variables change nothing', () => {
  const path = file(`
[main]
PORT = 7000
heartbeatinterval = 1m
[Environment "One"]
sdkKey = sdk-of-file
allowedOrigin = http://a
allowedOrigin = http://b, http://c
secureMode
[Redis]
host = r
`);
  const { config } = ran(['-config', path, '--from-env'], {
    PORT: '7001',
    HEARTBEAT_INTERVAL: '',
    LD_MOBILE_KEY_One: 'mob-of-env',
    LD_ENV_two: 'sdk-two',
    LD_PREFIX_One: 'p1',
    LD_PREFIX_two: 'p2',
    CACHE_TTL: '1s',
  });
  assert.equal(config.server.port, 7001);
  assert.equal(config.streaming.heartbeatMs, 60_000);
  assert.equal(config.store.redis?.url, 'redis://r:6379');
  assert.equal(config.store.redis?.cacheTtlMs, 1000, 'the file has Redis, so its variables are read');
  assert.deepEqual(
    config.environments.map(({ name, sdkKey, mobileKey }) => [name, sdkKey, mobileKey]),
    [
      ['One', 'sdk-of-file', 'mob-of-env'],
      ['two', 'sdk-two', undefined],
    ],
  );
  assert.deepEqual(config.environments[0]?.allowedOrigins, ['http://a', 'http://b', 'http://c']);
  assert.equal(config.environments[0]?.secureMode, true);
});

test('4.1: unknown sections and keys of the file are mistakes with their line', () => {
  const said = refused(['--config', file('[Main]\nprot = 1\n[Mian]\n[Environment]\nsdkKey = x\n[Main "x"]\nport\n')]);
  for (const part of [
    '[Main] prot',
    'line 2): unknown key; did you mean port?; allowed are streamUri',
    'line 3: unknown section [Mian]; did you mean [Main]?',
    'line 4: [Environment] needs a name',
    '[Main] takes no name',
    'port (',
    'has no value',
  ]) {
    assert.ok(said.includes(part), `${part} is missing in\n${said}`);
  }
});

test('4.1: command line', () => {
  assert.match(refused([]), /ld-relay\.conf/);
  assert.match(refused(['--config', join(directory, 'nosuch.conf')]), /does not exist/);
  assert.match(refused(['--config', join(directory, 'nosuch.conf'), '--allow-missing-file']), /nothing to serve/);
  assert.match(refused(['--nope']), /unknown option --nope/);
  assert.match(refused(['frobnicate']), /unknown command "frobnicate"/);
  assert.match(refused(['--config']), /--config needs a file name/);
  assert.equal(
    ran([`-config=${join(directory, 'nosuch.conf')}`, '-allow-missing-file', '-from-env'], ONE).config.environments
      .length,
    1,
  );
  const version = loadConfig(['--version'], {});
  assert.ok(version.kind === 'exit' && version.code === 0 && /^\d+\.\d+\.\d+\n$/.test(version.stdout ?? ''));
});

test('--file serves a data file under well-known keys, or the environments that there are', () => {
  const { config } = ran(['--file', '/data.yaml'], { PORT: '9000' });
  assert.equal(config.server.port, 9000);
  const [environment] = config.environments;
  assert.deepEqual(
    [environment?.name, environment?.sdkKey, environment?.mobileKey, environment?.envId, environment?.dataFile],
    ['default', 'sdk-local', 'mob-local', 'local', '/data.yaml'],
  );
  const given = ran(['--file', '/data.yaml'], ONE).config.environments;
  assert.deepEqual(
    given.map(({ name, dataFile }) => [name, dataFile]),
    [['one', '/data.yaml']],
  );
});

const REFUSALS: Record<string, [Env, RegExp]> = {
  'no environments': [{}, /nothing to serve/],
  'an empty SDK key': [{ LD_ENV_one: '' }, /nothing to serve/],
  'AutoConfig and environments': [{ ...ONE, ...AUTO }, /cannot be used together/],
  'an archive and environments': [{ ...ONE, FILE_DATA_SOURCE: '/a' }, /cannot be used together/],
  'AutoConfig and an archive': [{ ...AUTO, FILE_DATA_SOURCE: '/a' }, /cannot be used together/],
  'env* options alone': [{ ...ONE, ENV_ALLOWED_ORIGIN: 'x' }, /ENV_ALLOWED_ORIGIN: works only with an AutoConfig key/],
  'a short monitoring interval': [
    { FILE_DATA_SOURCE: '/a', FILE_DATA_SOURCE_MONITORING_INTERVAL: '99ms' },
    /FILE_DATA_SOURCE_MONITORING_INTERVAL: must be at least 100ms/,
  ],
  'a short cleanup interval': [{ ...ONE, EXPIRED_CREDENTIAL_CLEANUP_INTERVAL: '1ms' }, /at least 100ms/],
  'payload size 0': [{ ...ONE, EVENTS_MAX_INBOUND_PAYLOAD_SIZE: '0B' }, /must be above 0/],
  'TLS without files': [{ ...ONE, TLS_ENABLED: '1' }, /TLS_ENABLED: TLS needs both tlsCert \(TLS_CERT\) and tlsKey/],
  'a Redis URL and a host': [
    { ...ONE, USE_REDIS: '1', REDIS_URL: 'redis://r', REDIS_HOST: 'h' },
    /REDIS_HOST: set either the Redis url or host and port/,
  ],
  'a Redis URL and a port': [
    { ...ONE, USE_REDIS: '1', REDIS_URL: 'redis://r', REDIS_PORT: '1' },
    /REDIS_PORT: set either/,
  ],
  'two environments in Redis without prefix': [
    { ...ONE, LD_ENV_two: 'sdk-2', USE_REDIS: '1' },
    /environment "two": prefix \(LD_PREFIX_two\) is required/,
  ],
  'two environments in Redis with one prefix': [
    { ...ONE, LD_ENV_two: 'sdk-2', USE_REDIS: '1', LD_PREFIX_one: 'p', LD_PREFIX_two: 'p' },
    /have the same store prefix "p"/,
  ],
  'AutoConfig in Redis without $CID': [{ ...AUTO, USE_REDIS: '1', ENV_DATASTORE_PREFIX: 'x' }, /must contain \$CID/],
  'one SDK key twice': [{ ...ONE, LD_ENV_two: ONE.LD_ENV_one ?? '' }, /"one" and "two" have the same SDK key/],
  'filters and AutoConfig': [{ ...AUTO, LD_FILTER_KEYS_p: 'a' }, /cannot be used with AutoConfig/],
  'filters without project': [{ ...ONE, LD_FILTER_KEYS_p: 'a' }, /projKey \(LD_PROJ_KEY_one\) is required/],
  'filters for another project': [
    { ...ONE, LD_PROJ_KEY_one: 'q', LD_FILTER_KEYS_p: 'a' },
    /no environment has this projKey/,
  ],
  'a blank filter key': [{ ...ONE, LD_PROJ_KEY_one: 'p', LD_FILTER_KEYS_p: 'a,' }, /filters/],
  NTLM: [
    { ...ONE, PROXY_AUTH_NTLM: '1', PROXY_URL: 'http://p' },
    /PROXY_AUTH_NTLM: not supported.*basic authentication/,
  ],
  Consul: [{ ...ONE, USE_CONSUL: '1' }, /USE_CONSUL: not supported by this relay; use Redis/],
  'DynamoDB without a table': [
    { ...ONE, USE_DYNAMODB: 'true' },
    /a DynamoDB table is required: set tableName \(DYNAMODB_TABLE\) or LD_TABLE_NAME_one/,
  ],
  'two databases': [
    { ...ONE, USE_DYNAMODB: 'true', DYNAMODB_TABLE: 't', USE_REDIS: 'true' },
    /Redis \(USE_REDIS\) and DynamoDB \(USE_DYNAMODB\) cannot be used together/,
  ],
  'two environments in one place of a table': [
    {
      ...ONE,
      LD_ENV_two: 'sdk-two',
      USE_DYNAMODB: 'true',
      DYNAMODB_TABLE: 't',
      LD_PREFIX_one: 'p',
      LD_PREFIX_two: 'p',
      LD_TABLE_NAME_two: 't',
    },
    /"one" and "two" have the same place in table "t"/,
  ],
  'obsolete sampling': [
    { ...ONE, EVENTS_SAMPLING_INTERVAL: '1' },
    /EVENTS_SAMPLING_INTERVAL: this variable is no longer/,
  ],
  'obsolete TTL of Redis': [{ ...ONE, USE_REDIS: '1', REDIS_TTL: '1' }, /use CACHE_TTL instead/],
  'obsolete TTL in minutes': [{ ...ONE, LD_TTL_MINUTES_one: '1' }, /use LD_TTL_one instead/],
  'two metric ports': [
    { ...ONE, USE_PROMETHEUS: '1', PROMETHEUS_PORT: '1', OPS_PORT: '2' },
    /PROMETHEUS_PORT: differs from OPS_PORT/,
  ],
  'a host of Redis that is none': [{ ...ONE, USE_REDIS: '1', REDIS_HOST: 'a b' }, /REDIS_HOST: "a b" is no host name/],
  'Sentinel without master': [{ ...ONE, USE_REDIS: '1', REDIS_MODE: 'sentinel' }, /REDIS_SENTINEL_MASTER/],
  'missing TLS files': [
    { ...ONE, TLS_ENABLED: '1', TLS_CERT: '/no-cert', TLS_KEY: '/no-key' },
    /tlsCert: \/no-cert does not exist\n.*tlsKey: \/no-key does not exist/,
  ],
  'a Redis certificate under both names': [
    { ...ONE, USE_REDIS: '1', REDIS_CERT_FILE: '/a', REDIS_CLIENT_CERT_FILE: '/b' },
    /REDIS_CLIENT_CERT_FILE: is the same option as REDIS_CERT_FILE/,
  ],
  'a missing CA': [{ ...ONE, PROXY_CA_CERTS: '/no-ca' }, /proxy caCertFiles: \/no-ca does not exist/],
  'a missing password file': [
    { ...ONE, USE_REDIS: '1', REDIS_PASSWORD_FILE: '/no-password' },
    /Redis passwordFile: \/no-password does not exist/,
  ],
  'a missing secret file': [
    { ...AUTO, AUTO_CONFIG_CACHE_ENCRYPTION_KEY_FILE: '/nosuch' },
    /\/nosuch is missing or empty/,
  ],
  'a key and its file': [{ ...ONE, LD_SDK_KEY_FILE_one: '/k' }, /sdkKey and sdkKeyFile cannot be used together/],
};
for (const [name, [env, expected]] of Object.entries(REFUSALS)) {
  test(`4.3: refused: ${name}`, () => {
    assert.match(refused(['--from-env'], env), expected);
  });
}

test('4.3: all mistakes at once, one line each, without secrets', () => {
  const said = refused(['--from-env'], {
    ...ONE,
    ...AUTO,
    PORT: 'x',
    HEARTBEAT_INTERVAL: '5',
    USE_EVENTS: 'maybe',
    STREAM_URI: 'u:pw@x',
  });
  assert.equal(said.trimEnd().split('\n').length, 6, said);
  assert.doesNotMatch(said, /secret|pw/);
});

test('4.3: odd, but accepted', () => {
  const accepted: Env[] = [
    { LD_ENV_one: 'sdk-1' },
    { ...ONE, MAX_CLIENT_CONNECTION_TIME: '-1s', HEARTBEAT_INTERVAL: '-1s' },
    { FILE_DATA_SOURCE: '/a', USE_EVENTS: '1' },
    { ...ONE, USE_REDIS: '1' },
    { ...ONE, USE_CONSUL: 'false', USE_DATADOG: '0', DATADOG_TAG_x: 'y', DYNAMODB_TABLE: 't' },
    { ...ONE, EVENTS_INLINE_USERS: 'true', LD_TABLE_NAME_one: 't' },
    { ...AUTO, ENV_DATASTORE_TABLE_NAME: 't' },
    { ...ONE, REDIS_TTL: '1' },
    { ...ONE, PROXY_AUTH_USER: 'u' },
  ];
  for (const env of accepted) ran(['--from-env'], env);
  assert.equal(ran(['--from-env'], accepted[1]).config.streaming.heartbeatMs, 0);
});

test('4.1: what Kubernetes injects for a Service named "redis" or "ops" is not taken for a setting', () => {
  const injected = { REDIS_PORT: 'tcp://10.0.0.1:6379', REDIS_SERVICE_HOST: '10.0.0.1', OPS_PORT: 'tcp://10.0.0.2:80' };
  const withUrl = ran(['--from-env'], { ...ONE, ...injected, USE_REDIS: '1', REDIS_URL: 'redis://mine:1' });
  assert.equal(withUrl.config.store.redis?.url, 'redis://mine:1');
  assert.match(withUrl.warnings.join(), /REDIS_PORT is ignored.*Kubernetes/);
  assert.match(withUrl.warnings.join(), /OPS_PORT is ignored.*Kubernetes/);
  const withHost = ran(['--from-env'], { ...ONE, ...injected, USE_REDIS: '1', REDIS_HOST: 'mine' });
  assert.equal(withHost.config.store.redis?.url, 'redis://mine:6379');
  const asLink = ran(['--from-env'], { ...ONE, ...injected, USE_REDIS: '1' });
  assert.equal(asLink.config.store.redis?.url, 'redis://10.0.0.1:6379');
  const noPort = ran(['--from-env'], { ...ONE, USE_REDIS: '1', REDIS_PORT: 'tcp://redis' });
  assert.equal(noPort.config.store.redis?.url, 'redis://redis:6379');
  assert.equal(ran(['--from-env'], { ...ONE, ...injected }).config.store.redis, undefined);
});

test('a Redis address without USE_REDIS, and keys of no environment, are warned of', () => {
  const { warnings, config } = ran(['--from-env'], { ...ONE, REDIS_URL: 'redis://r', LD_MOBILE_KEY_On: 'mob' });
  assert.equal(config.store.redis, undefined);
  assert.match(warnings.join('\n'), /REDIS_URL is ignored because USE_REDIS is not on/);
  assert.match(warnings.join('\n'), /LD_MOBILE_KEY_On is ignored: there is no environment "On"/);
});

test('daemon mode needs Redis; what is for SDKs has no effect in it', () => {
  const env = { ...ONE, DAEMON_MODE: 'true', LD_PREFIX_one: 'p' };
  assert.match(
    refused(['--from-env'], env),
    /daemon mode \(DAEMON_MODE\) needs a store .* configure Redis \(USE_REDIS\)/,
  );
  const { config, warnings } = ran(['--from-env'], { ...env, USE_REDIS: 'true', USE_EVENTS: 'true' });
  assert.equal(config.mode, 'daemon');
  assert.deepEqual(warnings, ['sendEvents (USE_EVENTS) has no effect in daemon mode: no SDK connects']);
  const environments = [{ name: 'one', sdkKey: 'sdk-secret-0001' }];
  const document = file(JSON.stringify({ lease: { name: 'relay' }, environments }), '.json');
  assert.match(refused(['--config', document]), /lease works only with mode 'daemon'/);
});

test('exit behaviour: documented rule unless connection errors are ignored', () => {
  const rule = (env: Env) => ran(['--from-env'], { ...ONE, ...env }).config.upstream.onInitTimeout;
  assert.equal(rule({}), 'exit');
  assert.equal(rule({ IGNORE_CONNECTION_ERRORS: 'true' }), 'continue');
  assert.equal(rule({ IGNORE_CONNECTION_ERRORS: 'true', EXIT_ON_ERROR: 'true' }), 'exit');
});

test('secrets may be in files; an environment is made by its key file', () => {
  const secret = file('from-file\n', '.secret');
  const { config } = ran(['--from-env'], {
    LD_SDK_KEY_FILE_one: '/keys/sdk',
    LD_MOBILE_KEY_FILE_one: '/keys/mob',
    LD_SDK_KEY_PREVIOUS_FILE_one: '/keys/old',
    USE_REDIS: '1',
    REDIS_URL_FILE: secret,
    REDIS_PASSWORD_FILE: secret,
    REDIS_SENTINEL_PASSWORD_FILE: secret,
    SNAPSHOT_DIRECTORY: '/snap',
    SNAPSHOT_ENCRYPTION_KEY_FILE: secret,
    PROXY_URL: 'http://p',
    PROXY_AUTH_USER: 'u',
    PROXY_AUTH_PASSWORD_FILE: secret,
  });
  const [environment] = config.environments;
  assert.deepEqual(
    [environment?.sdkKeyFile, environment?.mobileKeyFile, environment?.sdkKeyPreviousFile],
    ['/keys/sdk', '/keys/mob', '/keys/old'],
  );
  assert.deepEqual([config.store.redis?.urlFile, config.store.redis?.passwordFile], [secret, secret]);
  assert.equal(config.store.redis?.sentinelPassword, 'from-file');
  assert.equal(config.snapshot?.encryptionKey, 'from-file');
  assert.equal(config.upstream.proxy?.credentials, 'u:from-file');
});

test('LD_MOBILE_KEY_FILE_x stays the mobile key of an environment named FILE_x', () => {
  const { config } = ran(['--from-env'], { LD_ENV_x: 'sdk-1', LD_ENV_FILE_x: 'sdk-2', LD_MOBILE_KEY_FILE_x: 'mob-2' });
  assert.deepEqual(
    config.environments.map(({ name, mobileKey, mobileKeyFile }) => [name, mobileKey, mobileKeyFile]),
    [
      ['FILE_x', 'mob-2', undefined],
      ['x', undefined, undefined],
    ],
  );
});

test('a JSON document is read, checked, and watched', () => {
  const path = file(
    JSON.stringify({ environments: [{ name: 'a', sdkKeyFile: '/k' }], upstream: { baseUri: 'http://b' } }),
    '.json',
  );
  const result = loadConfig(['--config', path], {});
  assert.ok(result.kind === 'run');
  assert.deepEqual(result.watch, { path });
  assert.equal(result.config.upstream.clientSideBaseUri, 'http://b');
  assert.equal(result.config.log.format, 'json');
  const said = refused([
    '--config',
    file('{"server":{"port":"x"},"environments":[{"name":"","sdkKey":1}],"nope":1}', '.json'),
  ]);
  for (const part of ['server.port', 'environments[0].name', 'environments[0].sdkKey', 'nope'])
    assert.ok(said.includes(part), said);
  const broken = refused(['--config', file('{"environments":[{"name":"a","sdkKey":"sdk-secret" oops', '.json')]);
  assert.match(broken, /is not JSON/);
  assert.doesNotMatch(broken, /secret/);
  assert.match(refused(['--config', path, '--from-env']), /cannot be used with a JSON document/);
});

test('check-config prints what would run, with secrets masked, or every mistake', () => {
  const env = {
    ...ONE,
    USE_REDIS: '1',
    REDIS_URL: 'redis://u:secret-pw@r:1',
    PROXY_URL: 'http://x:secret-px@p',
    SNAPSHOT_DIRECTORY: '/s',
    SNAPSHOT_ENCRYPTION_KEY: 'secret-snapshot-key-which-is-long',
  };
  const result = loadConfig(['check-config', '--from-env'], env);
  assert.ok(result.kind === 'exit' && result.code === 0 && result.stdout);
  assert.doesNotMatch(result.stdout, /secret/);
  const shown = JSON.parse(result.stdout) as RelayConfig;
  assert.equal(shown.environments[0]?.sdkKey, 'sdk-…');
  assert.equal(shown.store.redis?.url, 'redis://u:…@r:1');
  assert.match(refused(['check-config', '--from-env'], { PORT: 'x' }), /2 mistakes/);
});

test('archive export needs to know where to', () => {
  assert.match(refused(['archive', 'export', '--from-env'], ONE), /needs --out FILE/);
  const result = loadConfig(['archive', 'export', '--from-env', '--out', '/a.tar.gz'], ONE);
  assert.ok(result.kind === 'export' && result.outFile === '/a.tar.gz');
});

test('the table of options has no key and no variable twice', () => {
  const keys = OPTIONS.flatMap(({ section, key }) => (key === undefined ? [] : [`${section}/${key.toLowerCase()}`]));
  assert.equal(new Set(keys).size, keys.length);
  const shared = /^(ENV_(DATASTORE|ALLOWED)|CACHE_TTL$)/;
  const variables = OPTIONS.flatMap(({ env }) => (env === undefined || shared.test(env) ? [] : [env]));
  assert.equal(new Set(variables).size, variables.length);
});
