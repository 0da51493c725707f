import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createLogger, type LogOptions } from './winston-logger.ts';

function capture(options: Omit<LogOptions, 'stream'>) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(...chunk.toString().trimEnd().split('\n'));
      done();
    },
  });
  return { logger: createLogger({ ...options, stream }), lines };
}

test('one JSON object a line, with the fields of the logger and of the call', () => {
  const { logger, lines } = capture({ level: 'info', format: 'json' });
  logger.child({ environment: 'prod' }).warn('lost the flag stream', { kind: 'NETWORK_ERROR' });
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(rest, {
    level: 'warn',
    message: 'lost the flag stream',
    environment: 'prod',
    kind: 'NETWORK_ERROR',
  });
});

test('text for people', () => {
  const { logger, lines } = capture({ level: 'info', format: 'text' });
  logger.info('listening', { port: 8030 });
  assert.match(lines[0]!, /^\d{4}-\S+Z INFO {2}listening port=8030$/);
});

test('text of others makes no lines, colours or directions of its own', () => {
  const { logger, lines } = capture({ level: 'info', format: 'text' });
  logger.info('bad\r\nflag', {
    flag: 'x\n2026-01-01T00:00:00Z ERROR \u001b[31mfake\u001b[0m',
    name: '\u202egnp.exe\u2028',
  });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    / bad\\u000d\\nflag flag=x\\n2026-\S+ ERROR \\u001b\[31mfake\\u001b\[0m name=\\u202egnp\.exe\\u2028$/,
  );
});

test('levels, per logger; none says nothing', () => {
  const { logger, lines } = capture({ level: 'warn', format: 'json' });
  logger.info('no');
  logger.error('yes');
  logger.child({}, 'debug').debug('yes');
  logger.child({}, 'none').error('no');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).message),
    ['yes', 'yes'],
  );
});

test('credentials are taken out wherever they are, and the line stays JSON', () => {
  const { logger, lines } = capture({ level: 'info', format: 'json' });
  const key = 'sdk-98e2b0b4-2688-4a59-9810-1e0e3d798989';
  logger.info(`bad key ${key}`, { url: 'redis://u:pass"word@h:1/0', header: `Authorization: ${key}`, message2: key });
  assert.ok(!lines[0]!.includes('98e2b0b4') && !lines[0]!.includes('pass'));
  assert.doesNotThrow(() => JSON.parse(lines[0]!));
});
