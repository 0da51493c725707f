import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { relayDocument } from '../config/document.ts';
import { createAbsences } from '../files/absences.ts';
import { eventually } from '../testing/eventually.ts';
import { recordingLogger } from '../testing/logger.ts';
import { followMissingFiles } from './missing-files.ts';

test('a file that is not there is named until it comes, and again when it goes', { timeout: 20_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'flagrelay-missing-'));
  const named = ['tls.crt', 'tls.key', 'data.tar.gz'].map((name) => join(directory, name));
  const [certFile = '', keyFile = '', archiveFile = ''] = named;
  for (const file of [certFile, archiveFile]) writeFileSync(file, 'x');
  const absences = createAbsences(recordingLogger(), () => undefined);
  const config = relayDocument.parse({ server: { tls: { certFile, keyFile } }, offline: { archiveFile } });
  const watch = followMissingFiles(config, absences, 20);
  const missing = () => absences.list().map(({ input, files }) => [input, files]);
  assert.deepEqual(missing(), [['tlsCertificate', [keyFile]]]);
  writeFileSync(keyFile, 'x');
  await eventually(() => assert.deepEqual(missing(), []));
  rmSync(certFile);
  await eventually(() => assert.deepEqual(missing(), [['tlsCertificate', [certFile]]]));
  watch.close();
  rmSync(directory, { recursive: true });
});
