import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificateRequests, ensureCertificates } from './certificates.ts';
import { clusterLayout } from './layout.ts';

test('makes certificates that its authority signed, once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flagrelay-pki-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const layout = clusterLayout(folder);
  const read = (name: string) => new X509Certificate(readFileSync(join(layout.pki, `${name}.crt`)));
  // What a crash in the middle leaves.
  mkdirSync(`${layout.pki}.partial`, { recursive: true });
  writeFileSync(join(`${layout.pki}.partial`, 'ca.crt'), 'half');

  await ensureCertificates(layout);

  const authority = read('ca');
  for (const { name } of certificateRequests(layout)) assert.ok(read(name).verify(authority.publicKey), name);
  assert.equal(read('node-b').subject, 'O=system:nodes\nCN=system:node:node-b');
  assert.equal(read('admin').subject, 'O=system:masters\nCN=flagrelay-admin');
  for (const host of ['localhost', 'kubernetes.default.svc']) assert.equal(read('apiserver').checkHost(host), host);
  for (const address of ['127.0.0.1', '10.88.0.1', '10.96.0.1']) {
    assert.equal(read('apiserver').checkIP(address), address);
  }
  assert.match(readFileSync(join(layout.pki, 'service-account.pub'), 'utf8'), /BEGIN PUBLIC KEY/);
  assert.equal(statSync(layout.pki).mode & 0o077, 0, 'others cannot read the keys');
  assert.equal(existsSync(`${layout.pki}.partial`), false);

  const { serialNumber } = read('admin');
  await ensureCertificates(layout);
  assert.equal(read('admin').serialNumber, serialNumber);
});
