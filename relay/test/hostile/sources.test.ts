import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGzip } from 'node:zlib';
import { parseDataSet } from '../../src/dialects/launchdarkly/model/parse.ts';
import { writeArchive } from '../../src/dialects/launchdarkly/sources/archive/write.ts';
import { environmentRep } from '../../src/dialects/launchdarkly/sources/environment-rep.ts';
import { ask, openStream } from '../../src/testing/client.ts';
import { eventually } from '../../src/testing/eventually.ts';
import { sampleData, simpleFlag } from '../../src/testing/relay.ts';
import { startUpstream } from '../../src/testing/upstream.ts';
import { STREAMED } from './support/attacks.ts';
import { ATTACKED, startVictim } from './support/victim.ts';

const SDK = { Authorization: STREAMED };
/** As in a pod with a limit of 512Mi. */
const NODE_ARGS = ['--max-old-space-size=384'];
const POD_MIB = 512;

test('numbers of upstream that cannot be leave one flag out, while SDKs of every protocol follow', async () => {
  const upstream = await startUpstream();
  upstream.add(STREAMED, sampleData());
  await using victim = await startVictim({ env: { STREAM_URI: upstream.url, LD_ENV_streamed: STREAMED } });
  await victim.survives(async () => {
    const streams = await Promise.all(
      ['/sdk/stream', '/all', '/flags'].map((path) => openStream(victim.port, path, { headers: SDK })),
    );
    upstream.raw(STREAMED, 'event: delete\ndata: {"path":"/flags/one","version":1e400}\n\n');
    upstream.raw(STREAMED, 'event: patch\ndata: {"path":"/flags/two","data":{"key":"two","version":-1e400}}\n\n');
    upstream.patchFlag(STREAMED, simpleFlag('three', 9, { variations: ['seen', 'b'] }));
    await Promise.all(streams.map((stream) => stream.until(() => stream.text().includes('"seen"'))));
    assert.deepEqual(
      streams.map((stream) => stream.closed()),
      [false, false, false],
    );
    for (const stream of streams) stream.close();
  });
  assert.equal(upstream.requests(STREAMED), 1, 'the stream of upstream was not begun anew');
  assert.equal(await victim.metric('flagrelay_items_refused_total'), 2);
  assert.match(victim.log, /"key":"two".*left out|left out.*"key":"two"/);
  await upstream.close();
});

for (const compressed of [false, true]) {
  test(`an event of upstream without an end${compressed ? ', compressed' : ''} takes no more memory than a pod has`, async () => {
    const MIB = Buffer.from('x'.repeat(2 ** 20));
    let streams = 0;
    const server = createServer((request, response) => {
      streams += 1;
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        ...(compressed ? { 'Content-Encoding': 'gzip' } : {}),
      });
      void flood(response, compressed, MIB);
      request.on('close', () => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using victim = await startVictim({
      nodeArgs: NODE_ARGS,
      env: { STREAM_URI: url, LD_ENV_streamed: STREAMED, INIT_TIMEOUT: '1s', IGNORE_CONNECTION_ERRORS: 'true' },
    });
    const { memory } = await victim.survives(() =>
      eventually(() => assert.ok(streams > 1, 'the stream is begun anew'), 60_000),
    );
    assert.ok(memory.peak < POD_MIB, `${memory.peak} MiB`);
    assert.match(victim.log, /an event is larger than \d+ characters/);
    server.closeAllConnections();
    server.close();
  });
}

/** Writes 200 MiB of one line, as fast as they are read. */
async function flood(response: ServerResponse, compressed: boolean, mebibyte: Buffer): Promise<void> {
  const out = compressed ? createGzip({ level: 1 }) : response;
  if (out !== response) (out as ReturnType<typeof createGzip>).pipe(response);
  out.on('error', () => undefined);
  response.setMaxListeners(0);
  out.setMaxListeners(0);
  out.write('data: ');
  for (let count = 0; count < 200 && !response.destroyed; count++) {
    if (!out.write(mebibyte)) await Promise.race([once(out, 'drain'), once(response, 'close')]);
  }
}

test('an archive that is too large is not used, the data of the last one are, and a good one is followed again', async () => {
  const write = async (folder: string, version: number): Promise<void> => {
    const rep = environmentRep.parse({
      envID: ATTACKED.env,
      mobKey: ATTACKED.mobile,
      sdkKey: { value: ATTACKED.sdk },
      version,
    });
    const data = { flags: { one: simpleFlag('one', version) }, segments: {} };
    await writeArchive(join(folder, 'next'), [{ rep, data: parseDataSet(JSON.stringify(data)) }]);
    renameSync(join(folder, 'next'), join(folder, 'a.tar.gz'));
  };
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-archives-'));
  try {
    await write(folder, 1);
    await using victim = await startVictim({
      bare: true,
      nodeArgs: NODE_ARGS,
      env: { FILE_DATA_SOURCE: join(folder, 'a.tar.gz'), FILE_DATA_SOURCE_MONITORING_INTERVAL: '100ms' },
    });
    const version = async (): Promise<number> => {
      const { text } = await ask(victim.port, '/sdk/flags', { headers: { Authorization: ATTACKED.sdk } });
      return (JSON.parse(text) as { one: { version: number } }).one.version;
    };
    const head = Buffer.alloc(512);
    head.write('a.json');
    head.write('0000644\0', 100);
    head.write(`${(300 * 2 ** 20).toString(8).padStart(11, '0')}\0`, 124);
    head.write('        ', 148);
    head.write('0', 156);
    head.write('ustar\u000000', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    writeFileSync(join(folder, 'large'), Buffer.concat([head, Buffer.alloc(2 ** 20)]));
    renameSync(join(folder, 'large'), join(folder, 'a.tar.gz'));
    await eventually(() => assert.match(victim.log, /a\.json has 300 MiB; \d+ MiB are allowed/), 20_000);
    assert.ok(victim.running);
    assert.equal(await version(), 1);
    await write(folder, 2);
    await eventually(async () => assert.equal(await version(), 2), 20_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
