import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingLogger } from '../testing/logger.ts';
import { createAbsences, mergeAbsences } from './absences.ts';

test('an input is missing while its files are not there or cannot be used: told once, and once when it is back', () => {
  const logger = recordingLogger();
  let changes = 0;
  const absences = createAbsences(logger, () => (changes += 1));
  const unusable = absences.hook('redisCredentials');
  const told = () => absences.list().map(({ input, files }) => [input, files]);
  unusable('cannot be read');
  unusable('cannot be read');
  assert.deepEqual(told(), [['redisCredentials', undefined]]);
  absences.missing('redisCredentials', ['/etc/url']);
  absences.missing('redisCredentials', ['/etc/url']);
  assert.deepEqual(told(), [['redisCredentials', ['/etc/url']]]);
  unusable(undefined);
  assert.equal(told().length, 1, 'who reads it does not know that the file was never there');
  absences.missing('redisCredentials', []);
  absences.missing('redisCredentials', []);
  assert.deepEqual(told(), []);
  assert.equal(changes, 3, 'missing, with its files, back');
  assert.deepEqual(
    logger.lines.map(({ level }) => level),
    ['warn', 'info'],
  );
});

test('what several processes miss is missing since the earliest, with the files of all', () => {
  const merged = mergeAbsences([
    [{ input: 'archive', since: 5, files: ['/a'] }],
    [],
    [
      { input: 'archive', since: 3, files: ['/a', '/b'] },
      { input: 'config', since: 9 },
    ],
  ]);
  assert.deepEqual(merged, [
    { input: 'archive', since: 3, files: ['/a', '/b'] },
    { input: 'config', since: 9 },
  ]);
});
