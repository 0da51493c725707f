import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RelayConfig } from '../../../../config/document.ts';
import { StartupError } from '../../../../errors.ts';
import { recordingDefinitions } from '../../../../testing/definition-sink.ts';
import { eventually } from '../../../../testing/eventually.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { startSseServer } from '../../../../testing/sse-server.ts';
import { readCache } from './cache.ts';
import { type AutoConfigDeps, createAutoConfig } from './source.ts';

const TIMEOUT = { timeout: 20_000 };
const directory = mkdtempSync(join(tmpdir(), 'flagrelay-auto-'));
after(() => rmSync(directory, { recursive: true }));

const rep = (envID: string, version = 1, more: object = {}) => ({
  envID,
  envKey: `${envID}-key`,
  envName: `${envID} name`,
  mobKey: `mob-${envID}`,
  projKey: 'proj',
  projName: 'Project',
  sdkKey: { value: `sdk-${envID}` },
  defaultTtl: 2,
  secureMode: true,
  version,
  ...more,
});
const put = (environments: object, filters: object = {}) => ({ path: '/', data: { environments, filters } });

function autoConfig(
  streamUri: string,
  config: Partial<NonNullable<RelayConfig['autoConfig']>> = {},
  deps: Partial<AutoConfigDeps> = {},
) {
  const sink = recordingDefinitions();
  const logger = recordingLogger();
  const source = createAutoConfig(
    {
      ...('keyFile' in config ? {} : { key: 'rel-secret' }),
      envAllowedOrigins: ['http://o'],
      envAllowedHeaders: ['X-H'],
      ...config,
    },
    { streamUri, logger, delay: async (_ms, signal) => signal.throwIfAborted(), ...deps },
  );
  return { sink, source, logger };
}

test('8.1: asks with the key and delivers the list with what the configuration adds', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = autoConfig(server.url, { envDatastorePrefix: 'ld-$CID' });
  const started = source.start(sink);
  const stream = await server.next();
  assert.equal(stream.request.url, '/relay_auto_config?rpacProtocolVersion=2');
  assert.equal(stream.request.headers.authorization, 'rel-secret');
  stream.event(
    'put',
    put(
      { e1: rep('e1', 1, { sdkKey: { value: 'sdk-new', expiring: { value: 'sdk-old', timestamp: 99 } } }) },
      { f1: { projKey: 'proj', key: 'fa', version: 1 } },
    ),
  );
  await started;
  assert.deepEqual(await sink.next(), [
    {
      id: 'e1',
      name: 'e1',
      sdkKey: 'sdk-new',
      acceptedSdkKeys: [],
      expiringSdkKeys: [{ value: 'sdk-old', expiresAt: 99 }],
      mobileKey: 'mob-e1',
      envId: 'e1',
      envKey: 'e1-key',
      envName: 'e1 name',
      projKey: 'proj',
      projName: 'Project',
      prefix: 'ld-e1',
      secureMode: true,
      ttlMs: 120_000,
      allowedOrigins: ['http://o'],
      allowedHeaders: ['X-H'],
    },
    { ...sink.lists[0]?.[0], id: 'e1/fa', name: 'e1/fa', filterKey: 'fa', prefix: 'ld-e1.fa' },
  ]);
  await source.close();
});

test('8.2: patches and deletes count by version; unknown and misfiled messages are passed over', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source, logger } = autoConfig(server.url);
  const started = source.start(sink);
  const stream = await server.next();
  stream.event('put', put({ e1: rep('e1', 2) }));
  await started;
  await sink.next();
  stream.event('patch', { path: '/environments/e1', data: rep('e1', 2, { envName: 'stale' }) });
  stream.event('patch', { path: '/widgets/x', data: { version: 3 } });
  stream.event('patch', { path: '/environments/e9', data: rep('e1', 9) });
  stream.event('put', { path: '/other', data: { environments: {} } });
  stream.event('nosuch', '{}');
  stream.event('delete', { path: '/environments/e1', version: 2 });
  stream.event('patch', { path: '/environments/e2', data: rep('e2', 1) });
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e1', 'e2'],
  );
  stream.event('patch', { path: '/filters/f', data: { projKey: 'proj', key: 'fa', version: 1 } });
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e1', 'e2', 'e1/fa', 'e2/fa'],
  );
  stream.event('delete', { path: '/filters/f', version: 2 });
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e1', 'e2'],
  );
  stream.event('delete', { path: '/environments/e1', version: 3 });
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e2'],
  );
  stream.event('patch', { path: '/environments/e1', data: rep('e1', 3) });
  stream.event('patch', { path: '/environments/e1', data: rep('e1', 4) });
  assert.deepEqual((await sink.next()).map(({ id }) => id).sort(), ['e1', 'e2']);
  assert.equal(sink.lists.length, 6);
  assert.equal(server.count, 1);
  assert.doesNotMatch(JSON.stringify(logger.lines), /secret|sdk-|mob-/);
  await source.close();
});

test('a change tells only what is different, and what cannot be used is told until it is mended', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = autoConfig(server.url);
  const started = source.start(sink);
  const stream = await server.next();
  stream.event('put', put({ e1: rep('e1'), e2: rep('e2'), e3: { envID: 'e3' } }));
  await started;
  await sink.next();
  stream.event('patch', { path: '/environments/e2', data: rep('e2', 2) });
  await sink.next();
  stream.event('patch', { path: '/environments/e3', data: rep('e3', 2) });
  await sink.next();
  stream.event('delete', { path: '/environments/e1', version: 2 });
  await sink.next();
  assert.deepEqual(
    sink.changes.map(({ removed, changed }) => [removed, changed.map(({ id }) => id)]),
    [
      [[], ['e2']],
      [[], ['e3']],
      [['e1'], []],
    ],
  );
  assert.deepEqual(
    sink.refusals.map((entries) => [...entries.keys()]),
    [['e3'], ['e3'], []],
  );
  await source.close();
});

for (const lose of ['reconnect', 'malformed', 'mistyped', 'end'] as const) {
  test(`8.2: after "${lose}" the stream is opened again and the next put counts`, TIMEOUT, async () => {
    await using server = await startSseServer();
    const { sink, source, logger } = autoConfig(server.url);
    const started = source.start(sink);
    const first = await server.next();
    first.event('put', put({ e1: rep('e1'), e2: rep('e2', 5) }));
    await started;
    await sink.next();
    if (lose === 'reconnect') first.event('reconnect', {});
    if (lose === 'malformed') first.event('put', 'this is not json');
    if (lose === 'mistyped') first.event('patch', { path: '/environments/e1', data: { envID: 7, sdkKey: 'sdk-leak' } });
    if (lose === 'end') first.response.end();
    (await server.next()).event('put', put({ e1: rep('e1') }));
    assert.deepEqual(
      (await sink.next()).map(({ id }) => id),
      ['e1'],
    );
    assert.doesNotMatch(JSON.stringify(logger.lines), /leak/);
    await source.close();
  });
}

test('8.2: a key that is refused at the start stops it', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = autoConfig(server.url);
  const started = source.start(sink);
  (await server.next()).response.writeHead(401).end();
  await assert.rejects(
    started,
    (error) => error instanceof StartupError && /refused the AutoConfig key/.test(error.message),
  );
  await source.close();
});

test('8.2: a key that is refused later leaves the last environments', TIMEOUT, async () => {
  await using server = await startSseServer();
  let fatal: StartupError | undefined;
  const { sink, source, logger } = autoConfig(
    server.url,
    {},
    {
      onFatal: (error) => {
        fatal = error;
      },
    },
  );
  const started = source.start(sink);
  const stream = await server.next();
  stream.event('put', put({ e1: rep('e1') }));
  await started;
  stream.response.end();
  (await server.next()).response.writeHead(403).end();
  await eventually(() => assert.match(JSON.stringify(logger.lines), /going on with the last environments/));
  await source.close();
  assert.equal(fatal, undefined);
  assert.equal(sink.lists.length, 1);
});

test('8.2: a key that is refused with a list of an earlier run leaves that, and is tried again', TIMEOUT, async () => {
  const cacheFile = join(directory, 'cache-of-refused');
  await using server = await startSseServer();
  const before = autoConfig(server.url, { cacheFile });
  const started = before.source.start(before.sink);
  (await server.next()).event('put', put({ e1: rep('e1') }));
  await started;
  await before.source.close();
  let fatal: StartupError | undefined;
  const onFatal = (error: StartupError) => {
    fatal = error;
  };
  const { sink, source, logger } = autoConfig(server.url, { cacheFile }, { onFatal });
  const again = source.start(sink);
  (await server.next()).response.writeHead(401).end();
  await again;
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e1'],
  );
  assert.match(JSON.stringify(logger.lines), /going on with the last environments, asking again later/);
  // Its answer to the next try counts.
  (await server.next()).event('put', put({ e1: rep('e1', 2), e2: rep('e2') }));
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e1', 'e2'],
  );
  await source.close();
  assert.equal(fatal, undefined);
});

test('8.2: the start goes on while LaunchDarkly fails; a refusal then is fatal', TIMEOUT, async () => {
  await using server = await startSseServer();
  const fatal = Promise.withResolvers<StartupError>();
  const { sink, source } = autoConfig(server.url, {}, { onFatal: fatal.resolve });
  const started = source.start(sink);
  (await server.next()).response.writeHead(503).end();
  await started;
  (await server.next()).response.writeHead(401).end();
  assert.match((await fatal.promise).message, /refused/);
  assert.equal(sink.lists.length, 0);
  await source.close();
});

test(
  '11.1: the last list is cached, encrypted, and serves when LaunchDarkly is down; its next word replaces it',
  TIMEOUT,
  async () => {
    const cacheFile = join(directory, 'cache');
    await using server = await startSseServer();
    const before = autoConfig(server.url, { cacheFile });
    const started = before.source.start(before.sink);
    (await server.next()).event(
      'put',
      put({ e1: rep('e1', 7), e2: rep('e2') }, { f: { projKey: 'proj', key: 'fa', version: 1 } }),
    );
    await started;
    await before.source.close();
    assert.equal((await readCache(cacheFile, 'rel-secret'))?.environments.length, 2);

    const { sink, source } = autoConfig(server.url, { cacheFile });
    const again = source.start(sink);
    (await server.next()).response.writeHead(503).end();
    await again;
    assert.deepEqual(
      (await sink.next()).map(({ id }) => id),
      ['e1', 'e1/fa', 'e2', 'e2/fa'],
    );
    const stream = await server.next();
    stream.event('put', put({ e1: rep('e1', 3) }));
    assert.deepEqual(
      (await sink.next()).map(({ id }) => id),
      ['e1'],
    );
    await source.close();
  },
);

test('11.1: a cache of another key is not used and does no harm', TIMEOUT, async () => {
  const cacheFile = join(directory, 'damaged');
  writeFileSync(cacheFile, 'garbage');
  await using server = await startSseServer();
  const { sink, source, logger } = autoConfig(server.url, { cacheFile });
  const started = source.start(sink);
  (await server.next()).response.writeHead(503).end();
  await started;
  assert.equal(sink.lists.length, 0);
  assert.match(JSON.stringify(logger.lines), /cannot use the cache/);
  await source.close();
});

test('a start with silence from LaunchDarkly goes on after a while', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = autoConfig(server.url, {}, { firstListMs: 10 });
  await source.start(sink);
  assert.equal(sink.lists.length, 0);
  (await server.next()).event('put', put({}));
  assert.deepEqual(await sink.next(), []);
  await source.close();
});

test('a key file may come later, change, and be gone for a while', TIMEOUT, async () => {
  const keyFile = join(directory, 'key');
  await using server = await startSseServer();
  const absences: (string | undefined)[] = [];
  const onAbsent = (problem: string | undefined) => absences.push(problem);
  const { sink, source } = autoConfig(server.url, { keyFile }, { firstListMs: 10, pollMs: 20, onAbsent });
  await source.start(sink);
  writeFileSync(keyFile, 'rel-one\n');
  const first = await server.next();
  assert.equal(first.request.headers.authorization, 'rel-one');
  first.event('put', put({ e1: rep('e1') }));
  await sink.next();
  writeFileSync(keyFile, 'rel-two\n');
  const second = await server.next();
  assert.equal(second.request.headers.authorization, 'rel-two');
  second.event('put', put({ e2: rep('e2') }));
  assert.deepEqual(
    (await sink.next()).map(({ id }) => id),
    ['e2'],
  );
  assert.equal(absences.at(-1), undefined);
  rmSync(keyFile);
  await eventually(() => assert.match(absences.at(-1) ?? '', /is missing or empty/));
  second.event('patch', { path: '/environments/e2', data: rep('e2', 2) });
  await sink.next();
  writeFileSync(keyFile, 'rel-two\n');
  await eventually(() => assert.equal(absences.at(-1), undefined));
  second.event('patch', { path: '/environments/e2', data: rep('e2', 3) });
  await sink.next();
  await source.close();
});
