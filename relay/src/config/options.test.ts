import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relayDocument } from './document.ts';
import { membersOf } from './members.ts';
import { OPTIONS } from './options.ts';

const MEMBERS = membersOf(relayDocument);

test('each option that is a member of the document stands in it once', () => {
  const places = OPTIONS.filter(({ schema }) => schema !== undefined).map((option) => ({
    option: `${option.section}.${option.key}`,
    at: MEMBERS.filter((member) => member.option === option).length,
  }));
  assert.deepEqual(
    places.filter(({ at }) => at !== 1),
    [],
  );
  assert.ok(places.length > 100);
});

test('members that no option is are these, which the operator writes or several options make', () => {
  assert.deepEqual(
    MEMBERS.filter(({ option }) => option === undefined).map(({ path }) => path),
    [
      'mode',
      'lease.name',
      'ops.required',
      'upstream.onInitTimeout',
      'upstream.proxy.credentials',
      'upstream.proxy.credentialsFile',
      'streaming.shedFile',
      'environments[].name',
      'filters',
      'report.relayProxy',
    ],
  );
});

test('the default of a row is that of the document', () => {
  const { server, upstream, events, streaming } = relayDocument.parse({});
  assert.deepEqual(
    [server.port, server.maxHeaderBytes, upstream.initTimeoutMs, upstream.streamUri, events.enabled],
    [8030, 256 * 1024, 10_000, 'https://stream.launchdarkly.com', false],
  );
  assert.deepEqual(
    [server.maxContextValues, streaming.heartbeatMs, server.bodyMemoryBytes],
    [100_000, 180_000, undefined],
  );
});

test('an option is used, unused or refused, and only one that is used becomes something in a RelayProxy', () => {
  const secrets = new Set(OPTIONS.map(({ section, key }) => `${section}.${key}File`));
  for (const { section, key, env, unused, refused, becomes, schema } of OPTIONS) {
    const dead = unused !== undefined || refused !== undefined;
    const isFile = key?.endsWith('File') === true && secrets.has(`${section}.${key}`);
    assert.equal(becomes === undefined, dead || isFile, `${section}.${key ?? env}`);
    if (dead) assert.equal(schema, undefined, `${section}.${key ?? env}`);
  }
});
