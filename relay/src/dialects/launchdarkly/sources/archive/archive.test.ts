import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { parseDataSet } from '../../model/parse.ts';
import { environmentRep } from '../environment-rep.ts';
import { ArchiveError, checksum } from './format.ts';
import { readArchive, readArchiveFiles } from './read.ts';
import { unpack } from './unpack.ts';
import { packArchive, writeArchive } from './write.ts';

const directory = mkdtempSync(join(tmpdir(), 'flagrelay-archive-'));
after(() => rmSync(directory, { recursive: true }));
const TIMEOUT = { timeout: 30_000 };

const FLAG = '{"key":"f","version":1,"big":12345678901234567890}';
const DATA = parseDataSet(`{"flags":{"f":${FLAG},"gone":{"key":"gone","version":2,"deleted":true}},"segments":{}}`);
const rep = (envID: string) => environmentRep.parse({ envID, sdkKey: { value: `sdk-${envID}` }, version: 1 });

let count = 0;
function file(content: Uint8Array): string {
  const path = join(directory, `${count++}.tar.gz`);
  writeFileSync(path, content);
  return path;
}

async function tar(files: Record<string, string | Buffer>): Promise<Buffer> {
  const stream = pack();
  for (const [name, content] of Object.entries(files)) stream.entry({ name }, content);
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function withChecksum(files: Record<string, string>): Record<string, string | Buffer> {
  const buffers = new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]));
  return { ...files, 'checksum.md5': checksum(buffers) };
}

const ENV = JSON.stringify({ env: rep('e1'), dataId: 'd1' });

test('7: what is written is read back, item texts untouched, tombstones left out', TIMEOUT, async () => {
  const path = join(directory, 'written.tar.gz');
  await writeArchive(path, [
    { rep: rep('e2'), data: DATA },
    { rep: rep('e1'), data: DATA },
  ]);
  const { environments, broken } = await readArchive(path);
  assert.equal(broken.size, 0);
  assert.deepEqual([...environments.keys()].sort(), ['e1', 'e2']);
  assert.deepEqual(environments.get('e1')?.rep, rep('e1'));
  assert.deepEqual(
    [...(environments.get('e1')?.data.flags.values() ?? [])].map(({ json }) => json),
    [parseDataSet(`{"flags":{"f":${FLAG}}}`).flags.get('f')?.json],
  );
});

test('7: equal data has an equal dataId, other data another', TIMEOUT, async () => {
  const idOf = async (text: string) => {
    const archive = await readArchive(file(await packArchive([{ rep: rep('e1'), data: parseDataSet(text) }])));
    return archive.environments.get('e1')?.dataId;
  };
  const a = '{"key":"a","version":1}';
  const b = '{"key":"b","version":1}';
  assert.equal(await idOf(`{"flags":{"a":${a},"b":${b}}}`), await idOf(`{"flags":{"b":${b},"a":${a}}}`));
  assert.notEqual(await idOf(`{"flags":{"a":${a}}}`), await idOf(`{"flags":{"b":${b}}}`));
});

test('7: plain tar and tar.gz are read; other entries are passed over', TIMEOUT, async () => {
  const plain = await tar({
    ...withChecksum({ 'e1.json': ENV, 'e1-data.json': '{"flags":{}}' }),
    'sub/x.json': 'x',
    README: 'hi',
  });
  for (const content of [plain, gzipSync(plain)]) {
    assert.deepEqual([...(await readArchive(file(content))).environments.keys()], ['e1']);
  }
});

test('7: the checksum is 16 raw bytes over the files in order of their names', () => {
  const files = new Map([
    ['b.json', Buffer.from('3')],
    ['b-data.json', Buffer.from('2')],
    ['a.json', Buffer.from('1')],
    ['README', Buffer.from('x')],
  ]);
  assert.equal(checksum(files).toString('hex'), '202cb962ac59075b964b07152d234b70', 'MD5 of "123"');
});

const BAD: Record<string, [Record<string, string | Buffer>, RegExp]> = {
  'no checksum': [{ 'e1.json': ENV, 'e1-data.json': '{}' }, /has no checksum.md5/],
  'a wrong checksum': [
    { 'e1.json': ENV, 'e1-data.json': '{}', 'checksum.md5': Buffer.alloc(16) },
    /does not match checksum.md5/,
  ],
  'a checksum as text': [
    {
      ...withChecksum({ 'e1.json': ENV, 'e1-data.json': '{}' }),
      'checksum.md5': checksum(new Map([['e1.json', Buffer.from(ENV)]])).toString('hex'),
    },
    /does not match/,
  ],
  'no environments': [withChecksum({}), /holds no environments/],
  'no data beside a description': [withChecksum({ 'e1.json': ENV }), /e1-data.json is missing/],
};
for (const [name, [files, expected]] of Object.entries(BAD)) {
  test(`7: refused: ${name}`, TIMEOUT, async () => {
    await assert.rejects(
      readArchive(file(await tar(files))),
      (error) => error instanceof ArchiveError && expected.test(error.message),
    );
  });
}

test('7: one broken environment does not hold back the others, and its keys are not told', () => {
  const files = withChecksum({
    'e1.json': ENV,
    'e1-data.json': '{}',
    'e2.json': '{"env":{"envID":"e2","sdkKey":"sdk-secret"},"dataId":"d"}',
    'e2-data.json': '{}',
    'e3.json': JSON.stringify({ env: rep('e3'), dataId: 'd' }),
    'e3-data.json': '{"flags":{"f":{"key":"f","version":"one"}}}',
  });
  const archive = readArchiveFiles(
    new Map(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)])),
  );
  assert.deepEqual([...archive.environments.keys()], ['e1']);
  assert.deepEqual([...archive.broken.keys()], ['e2', 'e3']);
  assert.doesNotMatch([...archive.broken.values()].join(), /secret/);
});

test('7: garbage, truncated and emptied files are refused, whatever is left of them', TIMEOUT, async () => {
  const whole = await packArchive([{ rep: rep('e1'), data: DATA }]);
  const plain = gunzipSync(whole);
  const samples: Buffer[] = [Buffer.from('garbage'), Buffer.alloc(0), Buffer.alloc(5000, 'x'), gzipSync('garbage')];
  for (let cut = 1; cut < whole.length; cut += 37) samples.push(whole.subarray(0, cut));
  for (let cut = 1; cut < 2048; cut += 211) samples.push(plain.subarray(0, cut));
  for (const sample of samples) await assert.rejects(readArchive(file(sample)), ArchiveError);
  await assert.rejects(readArchive(join(directory, 'nosuch')), { code: 'ENOENT' });
});

/** A tar head of a file that says to have `size` bytes. */
function head(name: string, size: number, type = '0'): Buffer {
  const block = Buffer.alloc(512);
  block.write(name);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const SMALL = { entryBytes: 100_000, totalBytes: 150_000, entries: 10 };
const TOO_LARGE: Record<string, [Buffer[], RegExp]> = {
  'an entry': [[head('a.json', 300 * 2 ** 20), Buffer.alloc(2 ** 20)], /a\.json has 300 MiB; 0\.095 MiB are allowed/],
  'an entry with nothing behind its head': [[head('a.json', 300 * 2 ** 20)], /a\.json has 300 MiB/],
  'all together': [
    ['a', 'b'].flatMap((name) => [head(name, 99_840), Buffer.alloc(99_840)]),
    /more than the 0\.143 MiB that are allowed/,
  ],
  'a head': [[head('pax', 64 * 2 ** 20, 'x'), Buffer.alloc(64 * 2 ** 20)], /not a tar archive/],
  'what is skipped': [[head('a/b', 64 * 2 ** 20)], /a\/b has 64 MiB/],
  'their number': [Array.from({ length: 11 }, (_, index) => head(`${index}.json`, 0)), /more than 10 files/],
};
for (const [name, [blocks, expected]] of Object.entries(TOO_LARGE)) {
  test(`too large, and so refused: ${name}`, TIMEOUT, async () => {
    const path = file(gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
    await assert.rejects(unpack(path, SMALL), (error) => error instanceof ArchiveError && expected.test(error.message));
  });
}

test('fuzz: a flipped byte is refused or does no harm', TIMEOUT, async () => {
  const plain = gunzipSync(await packArchive([{ rep: rep('e1'), data: DATA }]));
  await fc.assert(
    fc.asyncProperty(fc.nat(plain.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = Buffer.from(plain);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      try {
        await readArchive(file(bytes));
      } catch (error) {
        assert.ok(error instanceof ArchiveError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

test('data whose file has the same bytes are those of before, not parsed again', TIMEOUT, async () => {
  const other = parseDataSet('{"flags":{"f":{"key":"f","version":2}},"segments":{}}');
  const archive = (second: typeof DATA) =>
    packArchive([
      { rep: rep('e1'), data: DATA },
      { rep: rep('e2'), data: second },
    ]);
  const before = await readArchive(file(await archive(DATA)));
  const now = await readArchive(file(await archive(other)), undefined, undefined, before.environments);
  assert.equal(now.environments.get('e1')?.data, before.environments.get('e1')?.data);
  assert.equal(now.environments.get('e2')?.data.flags.get('f')?.version, 2);
});
