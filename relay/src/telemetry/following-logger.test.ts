import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { followingLogger } from './following-logger.ts';
import { createLogger } from './winston-logger.ts';

test('who holds the logger, or a child of it, writes by the new name and level', async () => {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const { message, environment, part } = JSON.parse(chunk.toString());
      lines.push([message, environment, part] as unknown as Record<string, unknown>);
      done();
    },
  });
  const logger = followingLogger(
    createLogger({ level: 'info', format: 'json', stream }),
    { environment: 'old' },
    undefined,
  );
  const child = logger.child({ part: 'x' });
  child.debug('one');
  child.info('two');
  logger.follow({ environment: 'new' }, 'debug');
  child.debug('three');
  logger.debug('four');
  logger.follow({ environment: 'new' }, 'error');
  child.info('five');
  child.error('six');
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(lines, [
    ['two', 'old', 'x'],
    ['three', 'new', 'x'],
    ['four', 'new', undefined],
    ['six', 'new', 'x'],
  ]);
});
