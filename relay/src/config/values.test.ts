import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ALLOWED, parseDuration, parseSize, parseValue, ValueError, type ValueType } from './values.ts';

test('4.1: durations in Go form, with a unit', () => {
  const good: [string, number][] = [
    ['300ms', 300],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['2m30s', 150_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['-1s', -1000],
    ['+1s', 1000],
    ['0', 0],
    ['-0s', 0],
    ['1us', 0.001],
  ];
  for (const [text, ms] of good) assert.equal(parseDuration(text), ms, text);
  for (const text of ['', '5', 'xyz', '1 s', '1d', 's', '1s2', '--1s', '1e3s']) {
    assert.throws(() => parseDuration(text), /must be a number with a unit/, text);
  }
});

test('4.1: sizes with a unit', () => {
  assert.deepEqual(['100B', '10KiB', '1MiB', '2gib', '0B'].map(parseSize), [100, 10_240, 1_048_576, 2_147_483_648, 0]);
  for (const text of ['', '100', '-1B', '1,5KiB', '1TiB', '9999999999GiB'])
    assert.throws(() => parseSize(text), ValueError, text);
});

test('4.1: switches in any case', () => {
  for (const text of ['true', 'TRUE', 'yes', 'Yes', '1']) assert.equal(parseValue('switch', text), true);
  for (const text of ['false', 'No', '0']) assert.equal(parseValue('switch', text), false);
  assert.throws(() => parseValue('switch', 'maybe'), /"maybe" is not allowed; it must be true or false/);
});

test('4.1: URLs are absolute; their text, which may hold a password, is not repeated', () => {
  assert.equal(parseValue('url', 'http://h:1/x'), 'http://h:1/x');
  for (const text of ['/relative', 'not a uri', 'ftp://u:pw@h', 'h:80']) {
    assert.throws(
      () => parseValue('url', text),
      (error: Error) => error instanceof ValueError && !error.message.includes('pw'),
      text,
    );
  }
  assert.equal(parseValue('redisUrl', 'rediss://a:1,redis://b:2'), 'rediss://a:1,redis://b:2');
  assert.throws(() => parseValue('redisUrl', 'redis://a,http://b'), ValueError);
});

test('secrets: blanks and line ends around them do not count, and what is in them is not repeated', () => {
  assert.equal(parseValue('secret', ' sdk-1\r\n'), 'sdk-1');
  assert.equal(parseValue('secret', 'two words'), 'two words');
  for (const text of ['sdk-\n1', 'sdk\u0000-1']) {
    assert.throws(() => parseValue('secret', text), {
      name: 'ValueError',
      message: /^the value has a line break or control character in it; it must be text on one line/,
    });
  }
});

test('numbers, ports and choices', () => {
  assert.equal(parseValue('port', '8030'), 8030);
  for (const text of ['0', '65536', '-1', 'x', '1.5', ''])
    assert.throws(() => parseValue('port', text), ValueError, text);
  assert.equal(parseValue('redisPort', 'tcp://10.0.0.1:6379'), 'tcp://10.0.0.1:6379');
  assert.equal(parseValue('level', 'WARN'), 'warn');
  assert.throws(() => parseValue('tlsVersion', '1.4'), /one of 1.0, 1.1, 1.2, 1.3/);
  assert.deepEqual(parseValue('list', 'a, b,c'), ['a', 'b', 'c']);
});

test('fuzz: a value is read or refused with what is allowed, never anything else', () => {
  const types = fc.constantFrom(...(Object.keys(ALLOWED) as ValueType[]));
  fc.assert(
    fc.property(types, fc.string(), (type, text) => {
      try {
        parseValue(type, text);
      } catch (error) {
        assert.ok(error instanceof ValueError && error.message.includes(ALLOWED[type]));
      }
    }),
    { numRuns: 2000 },
  );
});
