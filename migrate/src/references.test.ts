import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from './testing/examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'flagrelay-references-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A docker-compose file with one service. */
function compose(name: string, lines: readonly string[], more = ''): string {
  const environment = lines.map((line) => `      - ${JSON.stringify(line)}\n`).join('');
  return file(name, `services:\n  relay:\n    image: launchdarkly/ld-relay\n${more}    environment:\n${environment}`);
}

test('docker-compose: values come from files given before, from .env beside it, and from defaults', async () => {
  file('.env', 'KEY_OF_ENV=sdk-from-dot-env\nPORT_OF_ENV=9000\n');
  const path = compose('a.yaml', [
    'LD_ENV_one=${KEY_OF_ENV}',
    'LD_ENV_two=${KEY_GIVEN:?is needed}',
    'PORT=${PORT_OF_ENV:-8040}',
    'LOG_LEVEL=${LEVEL-warn}',
    'LD_PREFIX_one=$$CID-$$$$x',
  ]);
  const given = file('given.env', 'KEY_GIVEN=sdk-given\nPORT_OF_ENV=9001\n');
  const { code, stdout, stderr } = await run(['--env', given, '--env', path, '--secrets', 'manifests']);
  assert.match(stdout, /one\.sdk-key: sdk-from-dot-env/);
  assert.match(stdout, /two\.sdk-key: sdk-given/);
  assert.match(stdout, /port: 9001/);
  assert.match(stdout, /logLevel: warn/);
  assert.doesNotMatch(stderr, /passed over/);
  assert.equal(code, 0);
});

test('docker-compose: a variable without a value is an entry of the report, exit code 3, and a key to be filled in', async () => {
  const path = compose('b.yaml', ['LD_ENV_one=${NOWHERE_KEY}', 'PORT=${NOWHERE_PORT}', 'LD_MOBILE_KEY_one']);
  const { code, stdout, stderr } = await run(['--env', path, '--secrets', 'manifests']);
  assert.equal(code, 3);
  assert.doesNotMatch(stdout, /NOWHERE|\$/);
  assert.match(stdout, /name: relay-keys\n\s+key: one\.sdk-key/);
  assert.match(
    stderr,
    /LD_ENV_one .*: its value is in the variable NOWHERE_KEY of the shell.*Secret relay-keys under the key one\.sdk-key/,
  );
  assert.match(stderr, /LD_MOBILE_KEY_one .*: its value is in the variable LD_MOBILE_KEY_one/);
  assert.match(
    stderr,
    /PORT .*: its value is in the variable NOWHERE_PORT of the shell.*set `spec\.service\.port` by hand/,
  );
});

test('docker-compose: an env_file is read, and told where it is not here', async () => {
  file('service.env', 'LD_ENV_one=sdk-of-env-file\nPORT=8050\n');
  const more = '    env_file:\n      - service.env\n      - { path: none.env, required: false }\n      - gone.env\n';
  const { code, stdout, stderr } = await run([
    '--env',
    compose('c.yaml', ['PORT=8051'], more),
    '--secrets',
    'manifests',
  ]);
  assert.equal(code, 3);
  assert.match(stdout, /one\.sdk-key: sdk-of-env-file/);
  assert.match(stdout, /port: 8051/);
  assert.match(stderr, /env_file gone\.env: which variables are in it is not known/);
  assert.doesNotMatch(stderr, /none\.env/);
});

test('.env: references in braces are replaced, but not between single quotes; a circle has no value', async () => {
  const path = file(
    'd.env',
    "BASE=sdk-base\nLD_ENV_one=${BASE}-1\nLD_ENV_two='${BASE}'\nLD_ENV_three=${LD_ENV_four}\nLD_ENV_four=${LD_ENV_three}\nLD_ENV_five=pa$$w$ord\n",
  );
  const { stdout, stderr } = await run(['--env', path, '--secrets', 'manifests']);
  assert.match(stdout, /one\.sdk-key: sdk-base-1/);
  assert.match(stdout, /two\.sdk-key: \$\{BASE\}/);
  assert.match(stdout, /five\.sdk-key: pa\$\$w\$ord/);
  assert.match(stderr, /LD_ENV_three .*: its value is in the variable LD_ENV_/);
});

test('the variables of this process are taken as they are', async () => {
  const { stdout } = await run(['--from-env', '--secrets', 'manifests'], { LD_ENV_one: 'sdk-${X}-$(Y)' });
  assert.match(stdout, /one\.sdk-key: sdk-\$\{X\}-\$\(Y\)/);
});

test('systemd: a file of variables has comments with a semicolon and lines that go on', async () => {
  const path = file('e.env', '; a comment\nLD_ENV_one=sdk-\\\ncontinued\n');
  const { stdout } = await run(['--env', path, '--secrets', 'manifests']);
  assert.match(stdout, /one\.sdk-key: sdk-continued/);
});

test('values of Helm: a template is never taken for what it comes to', async () => {
  const path = file(
    'values.yaml',
    'relay:\n  environment:\n    LD_ENV_one: "{{ .Values.key }}"\n    LOG_LEVEL: "{{ .Values.level }}"\nservice:\n  annotations:\n    a: "{{ .Values.a }}"\n',
  );
  const { code, stdout, stderr } = await run(['--values', path, '--secrets', 'manifests']);
  assert.equal(code, 3);
  assert.doesNotMatch(stdout, /key: \{\{|logLevel/);
  assert.match(stderr, /LD_ENV_one .*: its value is in a template of Helm/);
  assert.match(stderr, /service\.annotations\.a .*: is a template of Helm, which is not rendered here/);
});

test('ECS, systemd and files of ld-relay replace nothing: a reference in them is told, and is in no Secret', async () => {
  const ecs = file(
    'ecs.json',
    '{"containerDefinitions":[{"name":"r","image":"launchdarkly/ld-relay","environment":[{"name":"LD_ENV_one","value":"${sdk_key}"},{"name":"PORT","value":"8040"}]}]}',
  );
  const unit = file('r.service', '[Service]\nEnvironment=LD_ENV_one=${KEY} "LD_PREFIX_one=%i-x" LOG_LEVEL=warn\n');
  const conf = file(
    'r.conf',
    '[Environment "one"]\nsdkKey = ${KEY}\nprefix = "{{ .prefix }}"\n[Redis]\nurl = redis://$(HOST)\n',
  );
  for (const argv of [
    ['--env', ecs],
    ['--env', unit],
    ['--config', conf],
  ]) {
    const { code, stdout, stderr } = await run([...argv, '--secrets', 'manifests']);
    assert.equal(code, 3, stderr);
    assert.doesNotMatch(stdout, /\$|\{\{|%i/);
    assert.match(stderr, /put it into the Secret relay-keys under the key one\.sdk-key/);
  }
});

test('what stands for a secret of another store is told, and is in no Secret', async () => {
  for (const text of [
    'op://vault/item/key',
    'vault:secret/data/relay#key',
    'ref+awsssm://relay/key',
    'ENC[AES256_GCM,data:x]',
    '{{ key }}',
    'arn:aws:secretsmanager:eu-west-1:1:secret:key',
  ]) {
    for (const path of [file('o.env', `LD_ENV_one=${text}\n`), compose('o.yaml', [`LD_ENV_one=${text}`])]) {
      const { code, stdout, stderr } = await run(['--env', path, '--secrets', 'manifests']);
      assert.equal(code, 3, `${text} ${stdout}`);
      assert.ok(!stdout.includes(text.slice(0, 8)), text);
      assert.match(stderr, /LD_ENV_one .*its value is in (?:another store of secrets|a template)/);
    }
  }
});

test('docker-compose: merged mappings, and references in an env_file and in its name', async () => {
  file('common.env', 'BASE=sdk-base\nLD_ENV_two=${BASE}-${SUFFIX:-2}\n');
  const path = file(
    'm.yaml',
    'x-common: &common\n  LD_ENV_one: sdk-one\n  LOG_LEVEL: warn\nservices:\n  relay:\n    env_file: ["${FILE:-common}.env"]\n    environment:\n      <<: *common\n      LOG_LEVEL: error\n',
  );
  const { stdout } = await run(['--env', path, '--secrets', 'manifests']);
  assert.match(stdout, /one\.sdk-key: sdk-one/);
  assert.match(stdout, /two\.sdk-key: sdk-base-2/);
  assert.match(stdout, /logLevel: error/);
});

test('Kubernetes: a key of a ConfigMap in the same file is looked up', async () => {
  const path = file(
    'k.yaml',
    'kind: ConfigMap\nmetadata: {name: c}\ndata: {level: warn, key: "sdk-$(X)"}\n---\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - name: r\n          env:\n            - {name: LOG_LEVEL, valueFrom: {configMapKeyRef: {name: c, key: level}}}\n            - {name: LD_ENV_one, valueFrom: {configMapKeyRef: {name: c, key: key}}}\n',
  );
  const { stdout } = await run(['--env', path, '--secrets', 'manifests']);
  assert.match(stdout, /logLevel: warn/);
  assert.match(stdout, /one\.sdk-key: sdk-\$\(X\)/);
});

test('Secrets have placeholders, unless the credentials are asked for or go on to another program', async () => {
  const path = file('s.env', 'LD_ENV_one=sdk-hidden\n');
  const screen = await run(['--env', path], {}, false);
  assert.doesNotMatch(screen.stdout + screen.stderr, /sdk-hidden/);
  assert.match(screen.stderr, /--secrets manifests fills in the credentials/);
  assert.match((await run(['--env', path], {}, true)).stdout, /sdk-hidden/);
  assert.match((await run(['--env', path, '--secrets', 'manifests'], {}, false)).stdout, /sdk-hidden/);
  const output = join(folder, 'out');
  await run(['--env', path, '--output', output], {}, true);
  for (const name of readdirSync(output)) assert.doesNotMatch(readFileSync(join(output, name), 'utf8'), /sdk-hidden/);
});
