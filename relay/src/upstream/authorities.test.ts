import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createTestCa, type TestCa } from '../testing/certificates.ts';
import { knownAuthorities, namesAuthorities } from './authorities.ts';

const root = mkdtempSync(join(tmpdir(), 'flagrelay-authorities-'));
let one: TestCa;
let two: TestCa;
let three: TestCa;

before(() => {
  one = createTestCa();
  two = createTestCa();
  three = createTestCa();
});
after(() => {
  for (const ca of [one, two, three]) ca[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

/** Which of our authorities are known. */
function known(env: Record<string, string>): string[] {
  const texts = knownAuthorities(env).map((pem) => pem.trim());
  const named = { one, two, three };
  return Object.entries(named).flatMap(([name, { ca }]) => (texts.includes(ca.trim()) ? [name] : []));
}

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

test('SSL_CERT_FILE is a bundle of any number, with other text between', () => {
  const bundle = join(folder('bundle', {}), 'all.pem');
  writeFileSync(bundle, `# one\n${one.ca}\nsubject=two\r\n${two.ca}`);
  assert.deepEqual(known({ SSL_CERT_FILE: bundle }), ['one', 'two']);
});

test('SSL_CERT_DIR is folders with colons between; names do not matter, nor does what is no certificate', () => {
  const a = folder('a', { 'corp-root': one.ca, 'a1b2c3d4.0': two.ca, readme: 'junk', empty: '' });
  const b = folder('b', { 'corp.crt': three.ca });
  mkdirSync(join(b, 'inner'));
  const broken = one.ca.replace(/[A-Za-z0-9+/]{20}/, 'AAAAAAAAAAAAAAAAAAAA');
  const c = folder('c', { broken, 'key.pem': one.server.key });
  assert.deepEqual(known({ SSL_CERT_DIR: `${a}:${b}` }), ['one', 'two', 'three']);
  assert.deepEqual(known({ SSL_CERT_DIR: `:${join(root, 'nosuch')}:${c}:${b}` }), ['three']);
});

test('a file and folders count together, beside what Node knows; what is not there is passed over', () => {
  const d = folder('d', { x: two.ca });
  assert.deepEqual(known({ SSL_CERT_FILE: one.caFile, SSL_CERT_DIR: d }), ['one', 'two']);
  assert.deepEqual(known({ SSL_CERT_FILE: join(root, 'nosuch'), SSL_CERT_DIR: d }), ['two']);
  assert.ok(knownAuthorities({ SSL_CERT_FILE: one.caFile }).length > 100);
  assert.deepEqual([namesAuthorities({}), namesAuthorities({ SSL_CERT_DIR: d })], [false, true]);
});

test('a file that is no bundle for its size is not read', () => {
  const e = folder('e', { huge: `${one.ca}${' '.repeat(8 * 2 ** 20)}`, small: two.ca });
  assert.deepEqual(known({ SSL_CERT_FILE: join(root, 'nosuch'), SSL_CERT_DIR: e }), ['two']);
});
