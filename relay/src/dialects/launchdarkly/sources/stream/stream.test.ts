import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGzip, constants as zlib } from 'node:zlib';
import fc from 'fast-check';
import { eventually } from '../../../../testing/eventually.ts';
import { recordingLogger } from '../../../../testing/logger.ts';
import { recordingSink, type SinkCall } from '../../../../testing/source-sink.ts';
import { startSseServer } from '../../../../testing/sse-server.ts';
import { createStreamSource, type StreamSourceOptions, streamUrl } from './stream.ts';

const TIMEOUT = { timeout: 20_000 };
const FLAG_TEXT = '{"key":"f","version":3,"variations":[1],"future":12345678901234567890}';
const PUT = `{"path":"/","data":{"flags":{"f":${FLAG_TEXT}},"segments":{}}}`;

function sourceFor(uri: string, options: Partial<StreamSourceOptions> = {}) {
  const sink = recordingSink();
  const logger = recordingLogger();
  const delays: number[] = [];
  const source = createStreamSource({
    uri,
    sdkKey: 'sdk-secret-1',
    logger,
    now: () => 77,
    delay: async (ms, signal) => {
      delays.push(ms);
      signal.throwIfAborted();
    },
    ...options,
  });
  return { sink, source, logger, delays };
}

function linkOf(call: SinkCall): [string, string | undefined, number | undefined] {
  assert.ok('link' in call, JSON.stringify(call));
  return [call.link, call.error?.kind, call.error?.statusCode];
}

test('5.1: asks for /all with the key, and delivers put, patch and delete in order', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  source.start(sink);
  const stream = await server.next();
  assert.equal(stream.request.url, '/all');
  assert.equal(stream.request.headers.authorization, 'sdk-secret-1');
  assert.equal(stream.request.headers.accept, 'text/event-stream');
  assert.equal(stream.request.headers['cache-control'], 'no-cache');
  assert.equal(stream.request.headers['accept-encoding'], 'gzip');
  assert.match(String(stream.request.headers['user-agent']), /^flagrelay\//);
  stream.event('put', PUT);
  stream.event('nosuch', '{}');
  stream.event('patch', { path: '/widgets/x', data: {} });
  stream.event('patch', { path: '/segments/s', data: { key: 's', version: 2 } });
  stream.event('delete', { path: '/flags/f', version: 4 });
  const put = await sink.next();
  assert.ok('put' in put);
  assert.ok(put.put.flags.get('f')?.json.startsWith(FLAG_TEXT.slice(0, -1)));
  assert.deepEqual(linkOf(await sink.next()), ['VALID', undefined, undefined]);
  const patch = await sink.next();
  assert.ok('upsert' in patch);
  assert.deepEqual([patch.upsert.kind, patch.upsert.key, patch.upsert.version], ['segments', 's', 2]);
  const deletion = await sink.next();
  assert.ok('upsert' in deletion);
  assert.deepEqual([deletion.upsert.key, deletion.upsert.version, deletion.upsert.deleted], ['f', 4, true]);
  await source.close();
});

test('5.1: a payload filter is a query parameter', () => {
  assert.equal(streamUrl('http://h/', 'a b&c'), 'http://h/all?filter=a%20b%26c');
  assert.equal(streamUrl('http://h/base', undefined), 'http://h/base/all');
});

test('5.1: a gzipped stream is read event by event', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  source.start(sink);
  const { response } = await server.next();
  response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
  const gzip = createGzip({ flush: zlib.Z_SYNC_FLUSH });
  gzip.pipe(response);
  gzip.write(`event: put\ndata: ${PUT}\n\n`);
  assert.ok('put' in (await sink.next()));
  await source.close();
});

for (const status of [400, 408, 429, 500, 503]) {
  test(`5.1: HTTP ${status} is tried again`, TIMEOUT, async () => {
    await using server = await startSseServer();
    const { sink, source } = sourceFor(server.url);
    source.start(sink);
    (await server.next()).response.writeHead(status).end('no');
    assert.deepEqual(linkOf(await sink.next()), ['INITIALIZING', 'ERROR_RESPONSE', status]);
    (await server.next()).event('put', PUT);
    assert.ok('put' in (await sink.next()));
    assert.deepEqual(linkOf(await sink.next()), ['VALID', undefined, undefined]);
    await source.close();
  });
}

for (const status of [401, 403, 404]) {
  test(`5.1: HTTP ${status} turns it OFF until upstream takes the key`, TIMEOUT, async () => {
    await using server = await startSseServer();
    const { sink, source, logger, delays } = sourceFor(server.url);
    source.start(sink);
    (await server.next()).response.writeHead(status).end();
    assert.deepEqual(linkOf(await sink.next()), ['OFF', 'ERROR_RESPONSE', status]);
    // Said once: nothing is new while it is refused again.
    for (let again = 0; again < 5; again++) (await server.next()).response.writeHead(status).end();
    // An upstream that is away for a moment is tried as usual, and has taken nothing back.
    (await server.next()).response.writeHead(503).end();
    assert.deepEqual(linkOf(await sink.next()), ['OFF', 'ERROR_RESPONSE', 503]);
    (await server.next()).event('put', PUT);
    assert.ok('put' in (await sink.next()));
    assert.deepEqual(linkOf(await sink.next()), ['VALID', undefined, undefined]);
    await source.close();
    const longest = [30, 60, 120, 240, 300, 300, 1].map((seconds) => seconds * 1000);
    for (const [index, limit] of longest.entries()) {
      const waited = delays[index] ?? 0;
      assert.ok(waited > limit / 2 && waited <= limit, `wait ${index} was ${waited} ms, not up to ${limit} ms`);
    }
    assert.doesNotMatch(JSON.stringify(logger.lines), /secret/);
  });
}

test(
  '5.1: the end of the stream, a cut and silence are alike: INTERRUPTED, then everything again',
  TIMEOUT,
  async () => {
    await using server = await startSseServer();
    const { sink, source } = sourceFor(server.url, { silenceMs: 300 });
    source.start(sink);
    for (const lose of ['end', 'cut', 'silence']) {
      const stream = await server.next();
      stream.event('put', PUT);
      assert.ok('put' in (await sink.next()));
      assert.deepEqual(linkOf(await sink.next()), ['VALID', undefined, undefined]);
      if (lose === 'end') stream.response.end();
      if (lose === 'cut') stream.cut();
      assert.deepEqual(linkOf(await sink.next()), ['INTERRUPTED', 'NETWORK_ERROR', undefined], lose);
    }
    await source.close();
  },
);

test('5.1: bad data opens the stream again, with INVALID_DATA, and no flag data in the log', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source, logger } = sourceFor(server.url);
  source.start(sink);
  const bad: [string, string][] = [
    ['put', 'this is not json'],
    ['put', '{"path":"/"}'],
    ['put', '{"path":"/","data":{"flags":{"f":{"key":"private-flag","version":"x"}}}}'],
    ['patch', '{"path":"/flags/f","data":tru}'],
    ['delete', '{"path":"/flags/f"}'],
    ['patch', '{}'],
  ];
  for (const [name, data] of bad) {
    (await server.next()).event(name, data);
    assert.deepEqual(linkOf(await sink.next()), ['INITIALIZING', 'INVALID_DATA', undefined], data);
  }
  await source.close();
  assert.doesNotMatch(JSON.stringify(logger.lines), /private-flag/);
});

test('a sink that fails to store opens the stream again', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  let tries = 0;
  source.start({
    ...sink,
    put: (data) => {
      tries += 1;
      if (tries === 1) throw new Error('full');
      return sink.put(data);
    },
  });
  (await server.next()).event('put', PUT);
  assert.equal(linkOf(await sink.next())[0], 'INITIALIZING');
  (await server.next()).event('put', PUT);
  assert.ok('put' in (await sink.next()));
  await source.close();
});

test('5.1: retry: of the server sets the delay', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source, delays } = sourceFor(server.url);
  source.start(sink);
  const stream = await server.next();
  stream.send('retry: 8000\n\n');
  stream.event('put', PUT);
  await sink.next();
  await sink.next();
  stream.response.end();
  await sink.next();
  await server.next();
  await source.close();
  assert.ok((delays[0] ?? 0) >= 4000 && (delays[0] ?? 0) <= 8000, String(delays[0]));
});

test('restart drops the link without an error and takes everything again', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  source.start(sink);
  (await server.next()).event('put', PUT);
  assert.ok('put' in (await sink.next()));
  await sink.next();
  source.restart();
  (await server.next()).event('put', PUT);
  assert.ok('put' in (await sink.next()));
  assert.equal(sink.calls.filter((call) => 'link' in call).length, 1);
  await source.close();
});

test('nothing is delivered after close, and close is idempotent', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  source.start(sink);
  const stream = await server.next();
  stream.event('put', PUT);
  await sink.next();
  await sink.next();
  await source.close();
  await source.close();
  stream.event('put', PUT);
  assert.equal(sink.calls.length, 2);
});

test('an error answer whose body never ends does not hold up the next try', TIMEOUT, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  source.start(sink);
  const hanging = await server.next();
  hanging.response.writeHead(503);
  hanging.response.write('sorry, ');
  assert.deepEqual(linkOf(await sink.next()), ['INITIALIZING', 'ERROR_RESPONSE', 503]);
  (await server.next()).event('put', PUT);
  assert.ok('put' in (await sink.next()));
  await source.close();
});

test('fuzz: whatever upstream sends, the source lives on and takes the next good put', {
  timeout: 60_000,
}, async () => {
  await using server = await startSseServer();
  const { sink, source } = sourceFor(server.url);
  source.start(sink);
  const wire = Buffer.from(
    `event: put\ndata: ${PUT}\n\nevent: patch\ndata: {"path":"/flags/f","data":{"key":"f","version":4}}\n\n`,
  );
  const mutations = fc.sample(
    fc.record({
      flips: fc.array(fc.tuple(fc.nat(wire.length - 1), fc.nat(255)), { maxLength: 6 }),
      cut: fc.nat(wire.length),
      encoding: fc.constantFrom(undefined, 'gzip', 'nonsense'),
      status: fc.constantFrom(200, 200, 200, 204, 302, 500),
    }),
    400,
  );
  for (const { flips, cut, encoding, status } of mutations) {
    const bytes = Buffer.from(wire);
    for (const [at, value] of flips) bytes[at] = value;
    const { response } = await server.next();
    response.writeHead(status, encoding === undefined ? {} : { 'content-encoding': encoding });
    response.end(status === 204 ? undefined : bytes.subarray(0, cut));
  }
  (await server.next()).event('put', PUT);
  await eventually(() => {
    const last = sink.calls.at(-1);
    assert.ok(last && 'link' in last && last.link === 'VALID');
  });
  await source.close();
});
