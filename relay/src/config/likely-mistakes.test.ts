import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { run } from '../cli/run.ts';
import { loadConfig } from './load.ts';
import { OPTIONS } from './options.ts';
import { nearest } from './spelling.ts';

const folder = mkdtempSync(join(tmpdir(), 'flagrelay-likely-'));
after(() => rmSync(folder, { recursive: true }));

type Env = Readonly<Record<string, string>>;
const ONE: Env = { LD_ENV_one: 'sdk-one' };

function warningsOf(env: Env, argv: readonly string[] = ['--from-env']): readonly string[] {
  const result = loadConfig(argv, env);
  assert.ok(result.kind === 'run', JSON.stringify(result));
  return result.warnings;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("variables that look like an option are told with the option; others are nobody's business", () => {
  for (const [name, meant] of [
    ['LD_ENVS_two', 'LD_ENV_two'],
    ['LD_MOBLE_KEY_one', 'LD_MOBILE_KEY_one'],
    ['ld_client_side_id_one', 'LD_CLIENT_SIDE_ID_one'],
    ['LD_CLIENTSIDE_ID_my_env', 'LD_CLIENT_SIDE_ID_my_env'],
    ['AUTOCONFIG_KEY', 'AUTO_CONFIG_KEY'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['HEARTBEAT_INTERVALL', 'HEARTBEAT_INTERVAL'],
    ['ENV_DATASTORE_PERFIX', 'ENV_DATASTORE_PREFIX'],
  ] as const) {
    assert.deepEqual(warningsOf({ ...ONE, [name]: 'x' }), [
      `${name} is no option and has no effect; did you mean ${meant}?`,
    ]);
  }
  const others = {
    PATH: '/bin',
    HOSTNAME: 'a',
    HOME: '/',
    KUBERNETES_PORT: 'tcp://1',
    LD_LIBRARY_PATH: '/x',
    LD_PRELOAD: '/y',
  };
  assert.deepEqual(warningsOf({ ...ONE, ...others, REDIS_SERVICE_PORT: '1', TZ: 'UTC', NODE_ENV: 'production' }), []);
});

test('no option is taken for another one that is misspelt', () => {
  for (const { env } of OPTIONS) {
    if (env === undefined || env.endsWith('_')) continue;
    const result = loadConfig(['--from-env'], { ...ONE, [env]: '1' });
    const said = result.kind === 'run' ? result.warnings.join() : '';
    assert.doesNotMatch(said, /did you mean/, env);
  }
});

test('a file of an old ld-relay, and keys that are misspelt in it', () => {
  const refused = (text: string): string => {
    const result = loadConfig(['--config', file('old.conf', text)], {});
    assert.ok(result.kind === 'exit' && result.code === 2);
    return result.stderr ?? '';
  };
  assert.match(refused('[Environment "one"]\napiKey = sdk-one\n'), /apiKey .*unknown key; did you mean sdkKey\?/);
  assert.match(refused('[Environment "one"]\nsdk-key = sdk-one\n'), /sdk-key .*unknown key; did you mean sdkKey\?/);
  assert.match(refused('[Main]\nheartBeatIntervall = 3m\n'), /did you mean heartbeatInterval\?/);
  assert.match(refused('[Evnironment "one"]\n'), /unknown section \[Evnironment\]; did you mean \[Environment\]\?/);
  assert.doesNotMatch(refused('[Main]\nsomething = 1\n'), /did you mean/);
});

test('origins that no browser sends', () => {
  const said = (origins: string): readonly string[] => warningsOf({ ...ONE, LD_ALLOWED_ORIGIN_one: origins });
  for (const [origin, why] of [
    ['https://a.test/', /browsers send it as "https:\/\/a\.test"/],
    ['https://A.test:443', /browsers send it as "https:\/\/a\.test"/],
    ['https://a.test/path', /browsers send it as "https:\/\/a\.test"/],
    ['a.test', /did you mean "https:\/\/a\.test"\?/],
    ['https://*.a.test', /there are no patterns/],
    ['https://b.test,*', /there are no patterns/],
    ['https://', /it is no origin/],
  ] as const) {
    assert.match(said(origin).join(), why, origin);
  }
  assert.deepEqual(said('https://a.test,http://localhost:3000,capacitor://localhost,null'), []);
  assert.deepEqual(said('*'), []);
  assert.match(
    warningsOf({ AUTO_CONFIG_KEY: 'rel-1', ENV_ALLOWED_ORIGIN: 'https://a.test/' }).join(),
    /ENV_ALLOWED_ORIGIN.*never matches/,
  );
});

test('quotes that --env-file keeps', () => {
  assert.match(warningsOf({ LD_ENV_one: '"sdk-one"' }).join(), /^LD_ENV_one has quotes around its value/);
  assert.match(warningsOf({ ...ONE, LD_PREFIX_one: "'p'" }).join(), /^LD_PREFIX_one has quotes/);
  const result = loadConfig(['--from-env'], { ...ONE, STREAM_URI: '"https://a.test"' });
  assert.match(
    result.kind === 'exit' ? (result.stderr ?? '') : '',
    /STREAM_URI: .*--env-file and Kubernetes keep quotes/,
  );
  assert.deepEqual(warningsOf({ ...ONE, LD_PREFIX_one: 'it"s' }), []);
});

test('what newer ld-relays have is taken with its effect, or with one warning', () => {
  const newer: Env = {
    PING_STREAM_JITTER_TIME: '5s',
    EVENTS_METRICS_CAPACITY: '2000',
    HTTP_IDLE_CONN_TIMEOUT: '90s',
    HTTP_MAX_IDLE_CONNS: '100',
    HTTP_MAX_IDLE_CONNS_PER_HOST: '2',
    HTTP_DISABLE_KEEPALIVE: 'true',
    USE_DATADOG: 'true',
    USE_STACKDRIVER: 'true',
  };
  for (const [name, value] of Object.entries(newer)) {
    const said = warningsOf({ ...ONE, [name]: value });
    assert.equal(said.length, 1, name);
    assert.match(said[0] ?? '', new RegExp(`^${name} is ignored: .`));
  }
  const inFile =
    '[Main]\npingStreamJitterTime = 5s\n[Events]\nmetricsCapacity = 5\n[Http]\nmaxIdleConns = 3\n[Datadog]\nenabled\nprefix = x\n';
  assert.equal(warningsOf({}, ['--config', file('new.conf', `${inFile}[Environment "one"]\nsdkKey = a\n`)]).length, 4);
  assert.deepEqual(warningsOf({ ...ONE, USE_DATADOG: 'false', HTTP_DISABLE_KEEPALIVE: 'false' }), []);
  const drain = (env: Env): number | undefined => {
    const result = loadConfig(['--from-env'], { ...ONE, ...env });
    return result.kind === 'run' ? result.config.server.drainMs : undefined;
  };
  assert.equal(drain({ GRACEFUL_SHUTDOWN_TIMEOUT: '7s' }), 7_000);
  assert.equal(drain({ GRACEFUL_SHUTDOWN_TIMEOUT: '7s', DRAIN_TIMEOUT: '8s' }), 8_000);
});

test('check-config refuses what a start would end at: proxies, certificates, files of Redis', async () => {
  const text = file('text', 'no certificate\n');
  const check = async (env: Env): Promise<{ readonly code: number; readonly said: string }> => {
    let said = '';
    const nothing = (): void => {};
    const io = {
      stdout: nothing,
      stderr(line: string) {
        said += line;
      },
      onSignal: nothing,
      onUncaught: nothing,
      onUnhandled: nothing,
    };
    return { code: await run(['check-config', '--from-env'], { ...ONE, ...env }, io), said };
  };
  assert.equal((await check({})).code, 0);
  for (const [env, expected] of [
    [{ HTTPS_PROXY: 'socks5://user:hidden@proxy.test' }, /HTTPS_PROXY has the scheme "socks5:"/],
    [{ http_proxy: 'http://proxy.test:port' }, /HTTP_PROXY is not a URL/],
    [{ PROXY_URL: 'http://proxy.test', PROXY_CA_CERTS: text }, /must hold PEM certificates/],
    [{ TLS_ENABLED: 'true', TLS_CERT: text, TLS_KEY: text }, /cannot use the TLS certificate/],
    [{ USE_REDIS: 'true', REDIS_URL: 'redis://a.test,redis://b.test' }, /names several servers/],
  ] as const) {
    const { code, said } = await check(env);
    assert.equal(code, 2, said);
    assert.match(said, expected);
    assert.doesNotMatch(said, /hidden/);
  }
});

test('a name with one letter too much, too few, another or swapped is like the one that was meant, in any case', () => {
  const names = OPTIONS.flatMap(({ env }) => env ?? []).filter((name) => name.length >= 10);
  const edits = ['insert', 'delete', 'replace', 'swap'] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom(...edits),
      fc.nat(),
      fc.boolean(),
      (name, edit, place, small) => {
        const at = place % (name.length - 1);
        const [before, here, next, rest] = [name.slice(0, at), name[at], name[at + 1], name.slice(at + 1)];
        const misspelt = {
          insert: `${before}X${here}${rest}`,
          delete: `${before}${rest}`,
          replace: `${before}X${rest}`,
          swap: `${before}${next}${here}${name.slice(at + 2)}`,
        }[edit];
        const found = nearest(small ? misspelt.toLowerCase() : misspelt, [name]);
        assert.equal(found, name, misspelt);
      },
    ),
  );
});
