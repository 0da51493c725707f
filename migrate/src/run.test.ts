import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { argumentsOf, run } from './testing/examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'flagrelay-migrate-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const ONE = { LD_ENV_one: 'sdk-secret-0001' };

test('exit code 0: everything is taken over', async () => {
  const { code, stdout, stderr } = await run(['--from-env'], {
    ...ONE,
    IGNORE_CONNECTION_ERRORS: 'true',
    HOME: '/root',
  });
  assert.equal(code, 0);
  assert.match(stdout, /kind: RelayProxy/);
  assert.match(stderr, /Everything that was set is taken over as it was/);
  assert.match(stderr, /passed over: HOME/);
});

test('exit code 3: something is lost', async () => {
  const { code, stderr } = await run(['--from-env'], { ...ONE, EXIT_ALWAYS: 'true' });
  assert.equal(code, 3);
  assert.match(stderr, /Not taken over \(1\):\n {2}EXIT_ALWAYS: has no counterpart: /);
});

test('exit code 2: mistakes, all of them, with file, line and option; nothing is printed', async () => {
  const conf = file(
    'bad.conf',
    '[Main]\nport = 99999\nnosuch = 1\n[Environment "one"]\nsdkKey = sdk-secret-0001\nttl = 5\n',
  );
  const env = file('bad.env', '# x\nEVENTS_CAPACITY=-1\n');
  const { code, stdout, stderr } = await run(['--config', conf, '--env', env]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /\[Main\] port \(.*bad\.conf line 2\): "99999" is not allowed/);
  assert.match(stderr, /\[Main\] nosuch \(.*bad\.conf line 3\): unknown key/);
  assert.match(stderr, /\[Environment "one"\] ttl \(.*bad\.conf line 6\)/);
  assert.match(stderr, /EVENTS_CAPACITY \(.*bad\.env line 2\): "-1" is not allowed/);
  assert.doesNotMatch(stderr, /secret-0001/);
});

test('exit code 2: command lines that make no sense', async () => {
  for (const [argv, message] of [
    [[], /nothing to migrate/],
    [['--wrong'], /Unknown option '--wrong'; see --help/],
    [['--from-env', '--secrets=all'], /--secrets must be one of manifests, placeholders, omit/],
    [['--config', '-', '--env', '-'], /only one file can be -/],
    [['--config', join(folder, 'missing.conf')], /missing\.conf cannot be read: ENOENT/],
    [['--values', file('bad.values.yaml', 'a: [1\n')], /bad\.values\.yaml line \d: is not YAML/],
    [
      ['--env', file('two.yaml', 'services: {a: {environment: [A=1]}, b: {environment: [B=1]}}')],
      /choose one by --service: a, b/,
    ],
  ] as const) {
    const { code, stdout, stderr } = await run(argv);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, message);
  }
});

test('exit code 1: what cannot be written', async () => {
  const blocked = file('blocked', '');
  const { code, stderr } = await run(['--from-env', '--output', join(blocked, 'out')], ONE);
  assert.equal(code, 1);
  assert.match(stderr, /cannot write .*: ENOTDIR/);
});

test('--output: a file for each manifest, those with credentials for their owner alone', async () => {
  const out = join(folder, 'out');
  const { stdout } = await run([
    ...argumentsOf('environment.env'),
    '--secrets',
    'manifests',
    '--output',
    out,
    '--name',
    'flags',
    '--namespace',
    'team',
  ]);
  assert.equal(stdout, '');
  assert.deepEqual(readdirSync(out).sort(), ['relayproxy-flags.yaml', 'secret-flags-keys.yaml']);
  assert.equal(statSync(join(out, 'secret-flags-keys.yaml')).mode & 0o777, 0o600);
  const text = readFileSync(join(out, 'relayproxy-flags.yaml'), 'utf8');
  assert.match(text, /name: flags\n {2}namespace: team/);
});

test('files: variables are over the configuration file, later files over earlier ones', async () => {
  const conf = file('a.conf', '[Main]\nport = 1001\nlogLevel = warn\n[Environment "one"]\nsdkKey = sdk-1\n');
  const [a, b] = [file('a.env', 'PORT=1002\nINIT_TIMEOUT=12s'), file('b.yaml', 'INIT_TIMEOUT: 13s')];
  const { stdout } = await run(['--config', conf, '--env', a, '--env', b]);
  assert.match(stdout, /port: 1002/);
  assert.match(stdout, /logLevel: warn/);
  assert.match(stdout, /initTimeoutSeconds: 13/);
});

test('a Secret that is given is referred to, and knows what cannot be referred to', async () => {
  const data = { 'sdk-key': Buffer.from('sdk-secret-0001').toString('base64') };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'launchdarkly' },
    data,
    stringData: { 'client-side-id': 'abc123' },
  };
  const { code, stdout, stderr } = await run([
    ...argumentsOf('deployment.yaml'),
    '--env',
    file('secret.json', JSON.stringify(secret)),
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /sdkKeyRef:\n {8}name: launchdarkly\n {8}key: sdk-key\n {6}clientSideID: abc123/);
  assert.doesNotMatch(stdout + stderr, /secret-0001/);
});

test('files that the configuration names and that are here go into the Secret', async () => {
  const [key, certificate] = [file('tls.key', 'KEY'), file('tls.crt', 'CRT')];
  const sdkKey = file('sdk', 'sdk-secret-0001\n');
  const { stdout } = await run(['--from-env'], {
    LD_SDK_KEY_FILE_one: sdkKey,
    TLS_ENABLED: 'true',
    TLS_CERT: certificate,
    TLS_KEY: key,
  });
  assert.match(stdout, /type: kubernetes\.io\/tls\nstringData:\n {2}tls\.crt: CRT\n {2}tls\.key: KEY/);
  assert.match(stdout, /one\.sdk-key: sdk-secret-0001\n/);
});

test('names that a RelayProxy does not take get others, each its own', async () => {
  const { stdout, stderr } = await run(['--from-env'], {
    'LD_ENV_a b': 'sdk-1',
    'LD_ENV_a-b': 'sdk-2',
    'LD_ENV_a  b': 'sdk-3',
    LD_ENV_: 'x',
  });
  assert.deepEqual(
    [...stdout.matchAll(/- name: (.*)/g)].map(([, name]) => name),
    ['a-b-2', 'a-b-3', 'a-b'],
  );
  assert.match(stderr, /environment "a b": is called a-b-/);
});
