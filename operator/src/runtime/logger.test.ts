import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '@flagrelay/kube/api-error';
import { createLogger, type LogLevel } from './logger.ts';

function setUp(level: LogLevel = 'info') {
  const lines: string[] = [];
  return { logger: createLogger({ level, write: (line) => lines.push(line) }), lines };
}
const parse = (line: string | undefined) => JSON.parse(line ?? '') as Record<string, unknown>;

describe('logger', () => {
  it('writes one JSON object a line with time, level, message and fields', () => {
    const { logger, lines } = setUp();
    logger.child({ controller: 'test' }).info('Hello', { key: 'n/a', count: 2 });
    const { time, ...rest } = parse(lines[0]);
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    assert.deepEqual(rest, { level: 'info', message: 'Hello', controller: 'test', key: 'n/a', count: 2 });
  });

  it('writes words for people where that is asked for, without credentials and line ends', () => {
    const lines: string[] = [];
    const logger = createLogger({ format: 'text', write: (line) => lines.push(line) });
    logger.info('Hello', { key: 'n/a', count: 2, text: 'a\nb', token: 'abc' });
    assert.match(lines[0] ?? '', /^\S+Z INFO Hello key="n\/a" count=2 text="a\\nb" token="\[redacted\]"$/);
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = setUp('warn');
    logger.info('no');
    logger.debug('no');
    logger.warn('yes');
    logger.error('yes');
    assert.equal(lines.length, 2);
  });

  it('lets no field replace its own', () => {
    const { logger, lines } = setUp();
    logger.info('Constant', { message: 'x', level: 'y', time: 'z', splat: ['z'] });
    const { level, message, splat } = parse(lines[0]);
    assert.deepEqual({ level, message, splat }, { level: 'info', message: 'Constant', splat: ['z'] });
  });

  it('writes errors with name, message, cause and their own fields', () => {
    const { logger, lines } = setUp();
    const cause = new ApiError({ code: 409, reason: 'Conflict', message: 'changed', request: 'PUT /x' });
    logger.error('Failed', { error: new Error('outer', { cause }) });
    const { error } = parse(lines[0]) as { error: Record<string, unknown> & { cause: Record<string, unknown> } };
    assert.equal(error.message, 'outer');
    assert.equal(error.cause.code, 409);
    assert.equal(error.cause.reason, 'Conflict');
  });

  it('survives cycles, maps and bigints', () => {
    const { logger, lines } = setUp();
    const cycle: Record<string, unknown> = { map: new Map([['k', 1n]]) };
    cycle.self = cycle;
    logger.info('Odd', { cycle });
    assert.match(lines[0] ?? '', /"map":\{"k":"1"\}/);
  });
});

describe('redaction', () => {
  const secrets = {
    'a field named token': { token: 'abc' },
    'a nested field named sdkKey': { environment: { sdkKey: 'abc' } },
    'a header': { headers: { Authorization: 'abc' } },
    'a bearer token in text': { text: 'sent Bearer abc-def-ghi' },
    'a JWT in text': { text: 'got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2ln-abc' },
    'an SDK key in text': { text: 'key sdk-01234567-abcd-abcd-abcd-0123456789ab' },
    'a password in a URL': { text: 'redis://user:abc@host:6379' },
    'a credential in an error': { error: new Error('bad mob-01234567-abcd-abcd-abcd-0123456789ab') },
    'a credential in a cause': { error: new Error('x', { cause: new Error('Basic YWJjOmFiYw==') }) },
  };
  for (const [what, fields] of Object.entries(secrets)) {
    it(`takes out ${what}`, () => {
      const { logger, lines } = setUp();
      logger.info('Fields', fields);
      assert.match(lines[0] ?? '', /\[redacted\]/);
      assert.doesNotMatch(lines[0] ?? '', /abc[-@"]|01234567|YWJj|c2ln/);
    });
  }

  it('takes credentials out of the message too', () => {
    const { logger, lines } = setUp();
    logger.info('refused sdk-01234567-abcd-abcd-abcd-0123456789ab');
    assert.equal(parse(lines[0]).message, 'refused sdk-[redacted]');
  });

  it('leaves ordinary fields alone', () => {
    const { logger, lines } = setUp();
    logger.info('x', { key: 'n/a', secretName: 'my-secret', tokens: 3, path: '/apis/apps/v1' });
    const { key, secretName, path } = parse(lines[0]);
    assert.deepEqual({ key, secretName, path }, { key: 'n/a', secretName: 'my-secret', path: '/apis/apps/v1' });
  });
});
