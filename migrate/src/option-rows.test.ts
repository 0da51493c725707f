import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NAMED_SECTIONS, OPTIONS, type Option, type ValueType } from '@flagrelay/relay/config';
import { migrate } from './migrate.ts';
import { idOf, OPTION_ROWS, rowOf } from './option-rows.ts';
import { isField, valueAt } from './testing/crd-fields.ts';

const BASE = '[Environment "one"]\nsdkKey = sdk-one\n';
const SURROUNDINGS = { secretOf: () => undefined, readFile: () => undefined };

/** What an option needs beside it to have an effect. */
const COMPANY: Readonly<Record<string, string>> = {
  AutoConfig: '[AutoConfig]\nkey = rel-one\n',
  OfflineMode: '[OfflineMode]\nfileDataSource = /archive.tar.gz\n',
  Redis: '[Redis]\nlocalTtl = 7s\n[Environment "one"]\nprefix = p\n',
  DynamoDB: '[DynamoDB]\nenabled = true\ntableName = flags\n[Environment "one"]\nprefix = p\n',
  Filters: '[Environment "one"]\nprojKey = name\n',
  Proxy: '[Proxy]\nurl = http://proxy.test\n',
  'Environment.prefix': '[Redis]\nhost = redis.test\n',
  'Main.daemonMode': '[Redis]\nhost = redis.test\n[Environment "one"]\nprefix = p\n',
  'Main.tlsEnabled': '[Main]\ntlsCert = /c\ntlsKey = /k\n',
  'Main.tlsCert': '[Main]\ntlsEnabled\ntlsKey = /k\n',
  'Main.tlsKey': '[Main]\ntlsEnabled\ntlsCert = /c\n',
  'Main.tlsMinVersion': '[Main]\ntlsEnabled\ntlsCert = /c\ntlsKey = /k\n',
  'AutoConfig.envDatastorePrefix': '[AutoConfig]\nkey = rel-one\n[Redis]\nhost = redis.test\n',
  'AutoConfig.envDatastoreTableName':
    '[AutoConfig]\nkey = rel-one\nenvDatastorePrefix = p-$CID\n[DynamoDB]\nenabled = true\n',
  'AutoConfig.cacheKey':
    '[AutoConfig]\nkey = rel-one\nenvDatastorePrefix = p-$CID\n[DynamoDB]\nenabled = true\ntableName = flags\n',
  'Environment.tableName': '[DynamoDB]\nenabled = true\n',
  'DynamoDB.enabled': '[DynamoDB]\ntableName = flags\n[Environment "one"]\nprefix = p\n',
  'DynamoDB.tableName': '[DynamoDB]\nenabled = true\n[Environment "one"]\nprefix = p\n',
  'Redis.tls': '[Redis]\nhost = redis.test\n[Environment "one"]\nprefix = p\n',
  'Redis.username': '[Redis]\nhost = redis.test\n[Environment "one"]\nprefix = p\n',
  'Redis.certFile': '[Redis]\nhost = redis.test\nkeyFile = /k\n[Environment "one"]\nprefix = p\n',
  'Redis.keyFile': '[Redis]\nhost = redis.test\ncertFile = /c\n[Environment "one"]\nprefix = p\n',
  'Redis.clientCertificateFile': '[Redis]\nhost = redis.test\nclientKeyFile = /k\n[Environment "one"]\nprefix = p\n',
  'Redis.clientKeyFile': '[Redis]\nhost = redis.test\nclientCertificateFile = /c\n[Environment "one"]\nprefix = p\n',
  'Redis.localTtl': '[Redis]\nhost = redis.test\n[Environment "one"]\nprefix = p\n',
  'Redis.mode': '[Redis]\nhost = redis.test\nsentinelMaster = m\n[Environment "one"]\nprefix = p\n',
  'Environment.secureMode': '[Environment "one"]\nenvId = id\n',
  'Snapshot.encryptionKey': '[Snapshot]\ndirectory = /d\n',
  'Snapshot.encryptionKeyFile': '[Snapshot]\ndirectory = /d\n',
  'Prometheus.prefix': '[Prometheus]\nenabled\n',
  'Prometheus.port': '[Prometheus]\nenabled\n',
};
for (const key of [
  'usernameFile',
  'password',
  'passwordFile',
  'caFile',
  'sentinelMaster',
  'sentinelPassword',
  'sentinelPasswordFile',
]) {
  (COMPANY as Record<string, string>)[`Redis.${key}`] = COMPANY['Redis.username'] ?? '';
}

/** What excludes the options beside it. */
const ALONE = new Set(['AutoConfig.keyFile', 'Environment.sdkKeyFile']);

const SAMPLES: Readonly<Record<ValueType, string>> = {
  text: 'some-text',
  secret: 'some-secret',
  path: '/some/path',
  switch: 'true',
  count: '7',
  number: '7',
  port: '4321',
  redisPort: '4321',
  duration: '77s',
  size: '7MiB',
  url: 'http://some.test',
  redisUrl: 'redis://some.test:6379',
  list: 'a,b',
  level: 'debug',
  tlsVersion: '1.3',
  logFormat: 'text',
  redisMode: 'sentinel',
};

function textFor(option: Option): string {
  const { section, key, type } = option;
  const value =
    idOf(option) === 'AutoConfig.envDatastorePrefix' || idOf(option) === 'OfflineMode.envDatastorePrefix'
      ? 'p-$CID'
      : SAMPLES[type];
  const own: Readonly<Record<string, string>> = {
    'HTTP.enableCompression': 'false',
    'HTTP.exposeEnvironmentId': 'false',
    'HTTP.ofrepPathPrefix': '/flags',
  };
  const shown = own[idOf(option)] ?? value;
  return `[${section}${NAMED_SECTIONS.has(section) ? ` "${section === 'Filters' ? 'name' : 'one'}"` : ''}]\n${key} = ${shown}\n`;
}

function migrated(text: string) {
  return migrate({
    sources: { conf: { text, file: 'ld-relay.conf' }, variables: new Map() },
    surroundings: SURROUNDINGS,
  });
}

test('every option has a row, and no row is for another', () => {
  const ids = new Set(OPTIONS.map((option) => idOf(option)));
  for (const option of OPTIONS) assert.ok(rowOf(option));
  for (const { option } of OPTION_ROWS) assert.ok(ids.has(option), option);
  assert.equal(new Set(OPTION_ROWS.map(({ option }) => option)).size, OPTION_ROWS.length);
});

for (const option of OPTIONS.filter(({ key }) => key !== undefined)) {
  const id = idOf(option);
  const row = rowOf(option);
  const isMode = option.section === 'AutoConfig' || option.section === 'OfflineMode';
  const company = ALONE.has(id) ? '' : `${isMode ? '' : BASE}${COMPANY[id] ?? COMPANY[option.section] ?? ''}`;
  test(`${id}: ${row.field ?? 'is reported'}`, () => {
    const { relayProxy, notes } = migrated(`${company}${textFor(option)}`);
    const said = notes.filter(({ subject }) => subject.includes(`] ${option.key} (ld-relay.conf line`));
    if (row.field === undefined) {
      assert.equal(said.length, 1, JSON.stringify(notes));
      assert.match(said[0]?.text ?? '', /\. Instead: ./);
      return;
    }
    assert.ok(isField(row.field), `${row.field} is no field`);
    const value = valueAt(relayProxy.spec, row.field);
    // An address in a file becomes a reference.
    const place = id === 'Redis.urlFile' ? relayProxy.spec.store?.redis?.urlRef : value;
    assert.notEqual(place, undefined, JSON.stringify(relayProxy.spec));
  });
}
